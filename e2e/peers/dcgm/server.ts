import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Exporter } from './exporter.ts';
import { exposition } from './exposition.ts';
import { type FaultMode, faultModes, faultOf } from './faults.ts';
import type { World } from './world.ts';

/** What the peer needs. */
export interface DcgmPeerOptions {
  /** Reads the fleet; failures keep the last one. */
  readonly read: () => Promise<World>;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 chooses a free one. */
  readonly port?: number;
  /** Milliseconds between collections; default 1000. */
  readonly collectMillis?: number;
  readonly seed?: string;
  /** Told when the fleet cannot be read. */
  readonly complain?: (message: string) => void;
}

/** A running peer. */
export interface DcgmPeer {
  /** As in `http://127.0.0.1:9400`; the metrics are under /metrics. */
  readonly url: string;
  setFault(mode: FaultMode): void;
  stop(): Promise<void>;
}

const BODY_LIMIT = 4_096;

/** Plays dcgm-exporter for a whole fleet: one address for every node, told apart by the label hostname. */
export async function startDcgmPeer(options: DcgmPeerOptions): Promise<DcgmPeer> {
  const exporter = new Exporter(options.seed ?? '1');
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const tick = async (): Promise<void> => {
    try {
      exporter.collect(await options.read(), Date.now());
    } catch (error) {
      options.complain?.(`the fleet cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!stopped) timer = setTimeout(tick, options.collectMillis ?? 1_000);
  };
  await tick();
  const server = createServer((request, response) => void answer(exporter, request, response));
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  return {
    url: urlOf(server),
    setFault: (mode) => {
      exporter.fault = mode;
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(exporter: Exporter, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = `${request.method} ${request.url?.split('?')[0]}`;
  if (route === 'GET /health') return send(response, 200, 'OK');
  if (route === 'GET /_peer/faults') return send(response, 200, JSON.stringify({ mode: exporter.fault }));
  if (route === 'POST /_peer/faults') {
    const mode = faultOf(await bodyOf(request));
    if (mode === undefined) return send(response, 400, `{"error": "mode must be one of ${faultModes.join(', ')}"}`);
    exporter.fault = mode;
    return send(response, 200, JSON.stringify({ mode }));
  }
  if (route !== 'GET /metrics') return send(response, 404, 'not found');
  if (exporter.fault === 'missing') return send(response, 503, 'DCGM host engine is not reachable');
  return send(response, 200, exposition(exporter.series), 'text/plain; version=0.0.4; charset=utf-8');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > BODY_LIMIT) return '';
  }
  return text;
}

function send(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

function urlOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${address}:${port}`;
}
