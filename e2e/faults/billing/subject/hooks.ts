import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

import { stripeWebhooks } from '../../../../operator/billing/sinks/index.ts';
import { receive, workInbox } from '../../../../operator/billing/webhooks/index.ts';
import type { Clock, Logger } from '../../../../operator/observability/index.ts';
import type { Store } from '../../../../operator/store/index.ts';
import type { Points } from './points.ts';

/** What webhooks need of the process. */
export interface HookDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly points: Points;
  readonly peer: string;
}

/** Takes the provider's webhooks on a port of 127.0.0.1; returns what works through the inbox once. */
export async function listenForHooks(
  { store, clock, log, points, peer }: HookDeps,
  port: number,
  secret: string,
): Promise<() => Promise<number>> {
  const provider = 'stripe';
  const source = stripeWebhooks({ key: 'sk_test_peer', endpoint: peer }, [secret]);
  const receiver = { provider, mode: 'test', source } as const;
  const take = async (request: IncomingMessage): Promise<number> => {
    const signature = String(request.headers[source.signatureHeader]);
    const payload = await textOf(request);
    points.phase = 'hook';
    points.reach('taken');
    const { kind } = await receive(store, receiver, payload, signature, clock.now());
    return kind === 'refused' ? 400 : 200;
  };
  const server = createServer((request, response) => {
    take(request)
      .catch(() => 500)
      .then((status) => response.writeHead(status).end());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return () => workInbox({ store, clock, log }, provider, source, new AbortController().signal);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
