import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { Outcome, Request } from './pipeline.ts';

const mostBody = 1 << 20;

/** Listens, and answers each request by `serve`; a request that ends in an error of ours ends the connection. */
export async function listen(
  host: string,
  port: number,
  serve: (request: Request) => Promise<Outcome>,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  let requests = 0;
  const server = createServer((incoming, response) => {
    requests += 1;
    const id = `req_peer${requests}`;
    answer(incoming, response, id, serve).catch((error: unknown) => {
      process.stderr.write(`the peer failed on ${incoming.method} ${incoming.url}: ${String(error)}\n`);
      response.destroy();
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return { url: urlOf(server, host), close: () => close(server) };
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  id: string,
  serve: (request: Request) => Promise<Outcome>,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://peer');
  const outcome = await serve({
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.search.slice(1),
    body: await readBody(incoming),
    header: (name) => {
      const value = incoming.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
  });
  // A caller that hangs gives up by itself.
  if (outcome === 'hanging') return;
  if (outcome === 'dropped') {
    response.destroy();
    return;
  }
  const headers = { 'content-type': 'application/json', 'request-id': id, ...outcome.headers };
  response.writeHead(outcome.status, headers).end(JSON.stringify(outcome.body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > mostBody) throw new Error(`a request of more than ${mostBody} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the peer has no port');
  return `http://${host}:${address.port}`;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
