import { createServer } from 'node:http';
import type { Logger } from '../../observability/index.ts';
import type { Runnable } from '../../runtime/index.ts';
import type { HttpHandler } from './handler.ts';

/** What a listener of the growth room needs. */
export interface ServerOptions {
  readonly name: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly handlers: readonly HttpHandler[];
  readonly log: Logger;
  /** Told the port once the listener is open. */
  readonly onListening?: (port: number) => void;
}

/** A listener that asks its handlers in order, answers 404 when none takes the request, and closes at the signal. */
export function httpServer(options: ServerOptions): Runnable {
  return { name: options.name, where: 'leader', run: (signal) => serve(options, signal) };
}

function serve(options: ServerOptions, signal: AbortSignal): Promise<void> {
  const { log, handlers, name } = options;
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    answer(request, response, handlers).catch((error: unknown) => {
      log.error({ error: error instanceof Error ? error.message : String(error), server: name }, 'a request failed');
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('close', resolve);
    server.listen(options.port, options.host, () => {
      const address = server.address();
      if (typeof address === 'object' && address) options.onListening?.(address.port);
    });
    const stop = (): void => {
      server.close();
      server.closeIdleConnections();
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

async function answer(
  request: Parameters<HttpHandler>[0],
  response: Parameters<HttpHandler>[1],
  handlers: readonly HttpHandler[],
): Promise<void> {
  for (const handler of handlers) if (await handler(request, response)) return;
  request.resume();
  response.writeHead(404).end();
}
