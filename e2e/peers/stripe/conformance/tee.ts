import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const timeoutMillis = 10_000;
/** Headers that belong to one connection. */
const own = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']);

/** One request, and what both said to it. */
export interface Asked {
  readonly request: string;
  readonly answered: number;
  /** Of the second one; its words where it refused. */
  readonly checked: number;
  readonly words: string;
}

/** A server before another: answers what that one answers, and asks a second one the same. */
export interface Tee {
  readonly url: string;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** Listens on a free port of this machine. */
export async function startTee(answers: string, checks: string): Promise<Tee> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    both(request, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  const both = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = request;
    const body = await buffer(request);
    const headers = Object.entries(request.headers).filter(([name]) => !own.has(name));
    const send = async (base: string): Promise<Response> =>
      await fetch(`${base}${url}`, {
        method,
        headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
        signal: AbortSignal.timeout(timeoutMillis),
        ...(body.length > 0 && { body }),
      });
    const check = await send(checks);
    const words = check.ok ? '' : await check.text();
    const answer = await send(answers);
    const text = await answer.text();
    const what = `${method} ${url.split('?')[0]} ${decodeURIComponent(url.split('?')[1] ?? body.toString())}`.trim();
    asked.push({ request: what, answered: answer.status, checked: check.status, words });
    const kept = [...answer.headers].filter(([name]) => !own.has(name) && name !== 'content-encoding');
    response.writeHead(answer.status, Object.fromEntries(kept)).end(text);
  };
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () => new Promise((closed) => void server.close(() => closed()).closeAllConnections()),
  };
}
