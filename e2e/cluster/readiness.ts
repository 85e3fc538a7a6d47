import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ClusterError } from './cluster-error.ts';
import { isAlive, type ProcessRecord } from './processes.ts';

const POLL_MS = 100;
const REQUEST_TIMEOUT_MS = 5_000;
const LOG_TAIL_CHARACTERS = 1_500;

/** Waits until `ready` holds; fails at once when the process has ended, with the end of its log. */
export async function waitUntilReady(
  process: ProcessRecord,
  limitSeconds: number,
  ready: () => Promise<boolean>,
): Promise<void> {
  const until = Date.now() + limitSeconds * 1000;
  while (!(await ready())) {
    if (!isAlive(process)) throw new ClusterError('StartFailed', `${process.name} ended: ${logTail(process.log)}`);
    if (Date.now() > until) {
      throw new ClusterError(
        'StartFailed',
        `${process.name} was not ready within ${limitSeconds} s: ${logTail(process.log)}`,
      );
    }
    await delay(POLL_MS);
  }
}

/** The log's path and its last lines, for a message. */
export function logTail(path: string): string {
  if (!existsSync(path)) return `no log at ${path}`;
  const text = readFileSync(path, 'utf8').slice(-LOG_TAIL_CHARACTERS).trim();
  return `the end of ${path}:\n${text}`;
}

/** Whether the API server says that it is ready, asked with the admin's certificate and verified by the authority. */
export async function apiServerReady(folder: string, url: string, path = '/readyz'): Promise<boolean> {
  const certs = join(folder, 'certs');
  const agent = new Agent({
    ca: readFileSync(join(certs, 'ca.crt')),
    cert: readFileSync(join(certs, 'admin.crt')),
    key: readFileSync(join(certs, 'admin.key')),
  });
  try {
    return await new Promise((resolve) => {
      const asked = request(new URL(path, url), { agent, timeout: REQUEST_TIMEOUT_MS }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
        response.once('error', () => resolve(false));
      });
      asked.once('timeout', () => asked.destroy());
      asked.once('error', () => resolve(false));
      asked.once('close', () => resolve(false));
      asked.end();
    });
  } finally {
    agent.destroy();
  }
}

/** Whether a plain HTTP address answers 200. */
export async function httpReady(url: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const asked = get(url, { timeout: REQUEST_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
  });
}
