/** /metrics, /healthz and /readyz over plain HTTP. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Registry } from '../../observability/index.ts';

/** A named check; it answers what is wrong, or undefined. */
export interface Check {
  readonly name: string;
  readonly check: () => string | undefined | Promise<string | undefined>;
}

/** What the server shows. */
export interface HttpOptions {
  /** 0 chooses a free port. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  readonly registry: Registry;
  readonly live: () => readonly Check[];
  readonly ready: () => readonly Check[];
  /** Longest time of one check in milliseconds; default 5,000. */
  readonly checkMillis?: number;
}

/** A running server. */
export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the server; rejects when the port is taken. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    answer(options, request.url ?? '/', response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(error instanceof Error ? error.message : 'failed');
    });
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: portOf(server), close: () => close(server) };
}

async function answer(options: HttpOptions, target: string, response: ServerResponse): Promise<void> {
  const [pathname = '/', query] = target.split('?');
  const { checkMillis = 5_000, registry } = options;
  if (pathname === '/metrics') {
    // First the text: a gauge that throws must still be able to become a 500.
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    return;
  }
  const asked = checksAt(options, pathname);
  if (asked === undefined) {
    response.writeHead(404).end('try /metrics, /healthz or /readyz, or one check as in /readyz/shutdown\n');
    return;
  }
  const excluded = new URLSearchParams(query).getAll('exclude');
  const checks = asked.filter(({ name }) => !excluded.includes(name));
  const results = await Promise.all(
    checks.map(async (one) => ({ name: one.name, problem: await problemOf(one, checkMillis) })),
  );
  const failed = results.some(({ problem }) => problem !== undefined);
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  );
  const last = `${pathname.slice(1)} check ${failed ? 'failed' : 'passed'}`;
  response.writeHead(failed ? 503 : 200, { 'content-type': 'text/plain' }).end(`${[...lines, last].join('\n')}\n`);
}

/** The checks of `/healthz` or `/readyz`, or the one of them that the path names; undefined when there is none. */
function checksAt({ live, ready }: HttpOptions, path: string): readonly Check[] | undefined {
  const [, group = '', name] = path.split('/');
  const checks = group === 'healthz' ? live() : group === 'readyz' ? ready() : undefined;
  if (checks === undefined || name === undefined) return checks;
  const one = checks.filter((check) => check.name === name);
  return one.length === 0 ? undefined : one;
}

/** What is wrong by a check; one that throws or never ends is wrong itself. */
async function problemOf({ check }: Check, millis: number): Promise<string | undefined> {
  const patience = new AbortController();
  const late = setTimeout(millis, `no answer within ${millis} ms`, { signal: patience.signal });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    // The race is decided; the timer's rejection has been heard by it.
    patience.abort();
  }
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
