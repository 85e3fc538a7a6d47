import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Clock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { type Receipt, type Receiver, receive } from './receive.ts';

/** Receivers are found under this path and the name of their BillingProvider. */
export const webhookPath = '/webhooks/';

/** Far more than events have. */
const mostBytes = 1 << 20;

/**
 * `POST /webhooks/PROVIDER`: takes an event whose signature is good with 200, also one that is known already; 400 says
 * that it will never be taken, 404 that there is no such provider. An error of the store is thrown: whoever serves
 * answers 500, and the provider sends again. The signature is over the raw body, so it is read as it came.
 */
export function webhookApi(
  store: Store,
  clock: Clock,
  receiverFor: (provider: string) => Promise<Receiver | undefined>,
  onReceipt: (kind: Receipt['kind']) => void = () => undefined,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://operator');
    if (!pathname.startsWith(webhookPath)) return false;
    if (request.method !== 'POST') return say(response, 405, 'only POST is served here');
    const provider = pathname.slice(webhookPath.length);
    const receiver = await receiverFor(provider);
    if (receiver === undefined) return say(response, 404, `no provider ${provider} takes webhooks here`);
    const payload = await read(request);
    if (payload === undefined) return say(response, 413, `an event has ${mostBytes} bytes at most`);
    const signature = String(request.headers[receiver.source.signatureHeader] ?? '');
    const receipt = await receive(store, receiver, payload, signature, clock.now());
    onReceipt(receipt.kind);
    return receipt.kind === 'refused' ? say(response, 400, receipt.reason) : say(response, 200, receipt.kind);
  };
}

function say(response: ServerResponse, status: number, message: string): true {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify({ message })}\n`);
  return true;
}

async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > mostBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
