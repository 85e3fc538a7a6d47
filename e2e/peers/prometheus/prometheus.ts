import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { program } from '../../cluster/binaries.ts';
import type { Progress } from '../../cluster/progress.ts';
import { prometheusConfig, type ScrapePlan } from './config.ts';

/** How to start the server. */
export interface PrometheusOptions extends ScrapePlan {
  /** Where its configuration, data and log go; made when absent. */
  readonly folder: string;
  /** The address to listen at; default 127.0.0.1. Pods of the real node reach only the cluster's host address. */
  readonly host?: string;
  /** 0 or absent chooses a free one. */
  readonly port?: number;
  readonly progress: Progress;
}

/** A running server. */
export interface RunningPrometheus {
  readonly url: string;
  readonly log: string;
  /** Ends it and waits until it has gone; its data stay. */
  stop(): Promise<void>;
}

const READY_MS = 30_000;
const STOP_MS = 10_000;

/** Starts a real Prometheus, from the PATH or built from its Go module, and waits until it answers queries. */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const binary = await prometheusBinary(options.progress);
  await mkdir(options.folder, { recursive: true });
  const config = join(options.folder, 'prometheus.yml');
  await writeFile(config, prometheusConfig(options));
  const host = options.host ?? '127.0.0.1';
  const address = `${host}:${options.port || (await freePort(host))}`;
  const log = join(options.folder, 'prometheus.log');
  const output = openSync(log, 'a');
  const child = spawn(binary, argumentsOf(config, join(options.folder, 'data'), address), {
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const url = `http://${address}`;
  try {
    await once(child, 'spawn');
    await ready(child, url, log);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { url, log, stop: () => end(child) };
}

function argumentsOf(config: string, data: string, address: string): readonly string[] {
  return [
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=${address}`,
    '--storage.tsdb.retention.time=1d',
    '--log.level=warn',
  ];
}

/** `prometheus` on the PATH, else the one built into the cache. */
async function prometheusBinary(progress: Progress): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter((part) => part !== '')) {
    const candidate = join(folder, 'prometheus');
    const usable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return candidate;
  }
  return await program('prometheus', 'prometheus', progress);
}

async function ready(child: ChildProcess, url: string, log: string): Promise<void> {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const answer = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok === true) return;
    await delay(100);
  }
  const words = await readFile(log, 'utf8');
  throw new Error(
    `Prometheus did not become ready within ${READY_MS / 1000} s; ${log} ends with: ${words.slice(-500)}`,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no free port');
  return address.port;
}
