import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { parse } from 'yaml';

/** The parts of a kubeconfig with embedded certificates that a benchmark needs. */
interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

/** One event of a watch. */
export interface WatchEvent<T> {
  readonly type: string;
  readonly object: T;
}

/** A bare client of the API server for benchmarks: no cache, no retries, so that it measures the server and not itself. */
export interface BenchApi {
  send(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<{ status: number; text: string }>;
  watch<T>(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>>;
  close(): Promise<void>;
}

/** Opens a client from a kubeconfig whose certificates are embedded, as the test cluster's admin kubeconfig has them. */
export function openApi(kubeconfig: string): BenchApi {
  const config: Kubeconfig = parse(readFileSync(kubeconfig, 'utf8'));
  const cluster = config.clusters[0]?.cluster;
  const user = config.users[0]?.user;
  if (cluster === undefined || user === undefined) throw new Error(`${kubeconfig} has no cluster or no user`);
  const pem = (base64: string): string => Buffer.from(base64, 'base64').toString();
  const agent = new Agent({
    connections: 32,
    bodyTimeout: 0,
    connect: {
      ca: pem(cluster['certificate-authority-data']),
      cert: pem(user['client-certificate-data']),
      key: pem(user['client-key-data']),
    },
  });
  return {
    async send(method, path, body) {
      const answer = await request(`${cluster.server}${path}`, {
        method,
        dispatcher: agent,
        headersTimeout: 60_000,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    },
    async *watch<T>(path: string, signal: AbortSignal) {
      const answer = await request(`${cluster.server}${path}`, { dispatcher: agent, signal });
      let rest = '';
      answer.body.setEncoding('utf8');
      for await (const chunk of answer.body) {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const event: WatchEvent<T> = JSON.parse(line);
          yield event;
        }
      }
    },
    close: () => agent.destroy(),
  };
}

/** Runs `work` over `items`, at most `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) await work(item);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}
