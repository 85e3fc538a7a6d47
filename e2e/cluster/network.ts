import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

import { ClusterError } from './cluster-error.ts';
import { findProgram, runCommand } from './commands.ts';
import type { ClusterNetwork } from './state.ts';

// 10.64 to 10.191: away from the low numbers that sites use and the high ones that kind, Docker and VPNs like.
const FIRST_BLOCK = 64;
const BLOCKS = 128;
const WIDEST_TAKEN = 2 ** 20;

/** An IPv4 range as first and last address, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * The ranges of a cluster in the first 10.x.0.0/16 that touches none of `taken`. `seed` (the cluster's id) decides
 * where the search begins, so that clusters that start at the same time seldom want the same block.
 */
export function chooseNetwork(taken: readonly Range[], seed: string): ClusterNetwork {
  const offset = Number.parseInt(seed, 16) % BLOCKS;
  for (let i = 0; i < BLOCKS; i += 1) {
    const block = FIRST_BLOCK + ((offset + i) % BLOCKS);
    const range = parseRange(`10.${block}.0.0/16`);
    if (range !== undefined && !taken.some((other) => overlaps(range, other))) return networkOf(block);
  }
  throw new ClusterError(
    'NoFreeSubnet',
    'every 10.64.0.0/16 to 10.191.0.0/16 is in use on this machine (ip route); stop another cluster first',
  );
}

function networkOf(block: number): ClusterNetwork {
  return {
    hostAddress: `10.${block}.0.1`,
    nodeAddress: `10.${block}.0.2`,
    linkPrefix: 24,
    serviceRange: `10.${block}.1.0/24`,
    kubernetesService: `10.${block}.1.1`,
    podRange: `10.${block}.2.0/24`,
    fakePodRange: `10.${block}.64.0/18`,
  };
}

/** Reads `10.1.2.0/24` or `10.1.2.3`; undefined for anything else, such as `default` or IPv6. */
export function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
  const prefix = match[5] === undefined ? 32 : Number(match[5]);
  if (prefix > 32 || [a, b, c, d].some((part) => part > 255)) return undefined;
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = address - (address % size);
  return { first, last: first + size - 1 };
}

function overlaps(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** The IPv4 ranges that this machine's routes and addresses use now. */
export async function takenRanges(): Promise<readonly Range[]> {
  const ip = findProgram('ip');
  if (ip === undefined) return [];
  const routes = await runCommand([ip, '-4', 'route', 'show', 'table', 'all']);
  return rangesInRoutes(routes);
}

/**
 * The ranges named in the output of `ip -4 route show table all`. A route wider than a /12, such as the default or a
 * company's 10.0.0.0/8, takes nothing: the narrower routes of a cluster live beside it.
 */
export function rangesInRoutes(routes: string): readonly Range[] {
  return routes
    .split('\n')
    .flatMap((line) => line.trim().split(/\s+/).slice(0, 2))
    .map(parseRange)
    .filter((range) => range !== undefined)
    .filter((range) => range.last - range.first < WIDEST_TAKEN);
}

/**
 * Below the range from which the kernel takes the ports of outgoing connections (32768 and up), and below NodePorts.
 * In that range a client that asks for a server which is being restarted can be given the server's own port as its
 * source, connect to itself, and keep the server from ever listening there again.
 */
const PORTS = { first: 15_000, last: 29_999 } as const;
const PORT_TRIES = 200;

/** As many ports as names, each free on every address at this moment. */
export async function freePorts<Name extends string>(names: readonly Name[]): Promise<Readonly<Record<Name, number>>> {
  const servers: Server[] = [];
  try {
    for (const _ of names) servers.push(await listenSomewhere());
    const ports = servers.map((server) => portOf(server.address()));
    const entries = names.map((name, i): [Name, number] => [name, ports[i] ?? 0]);
    return fromEntries(entries);
  } finally {
    for (const server of servers) server.close();
  }
}

async function listenSomewhere(): Promise<Server> {
  for (let tries = 0; tries < PORT_TRIES; tries += 1) {
    const server = createServer();
    try {
      server.listen(randomInt(PORTS.first, PORTS.last + 1), '0.0.0.0');
      await once(server, 'listening');
      return server;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
  throw new ClusterError(
    'StartFailed',
    `no TCP port between ${PORTS.first} and ${PORTS.last} is free; close programs that hold many sockets`,
  );
}

function fromEntries<Name extends string>(entries: readonly [Name, number][]): Record<Name, number> {
  const ports: Partial<Record<Name, number>> = {};
  for (const [name, port] of entries) ports[name] = port;
  return ports as Record<Name, number>;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') {
    throw new ClusterError('StartFailed', 'the kernel gave no free TCP port; close programs that hold many sockets');
  }
  return address.port;
}
