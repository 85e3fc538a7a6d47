import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher, request } from 'undici';

/** The API server behind the proxy. */
export interface Upstream {
  /** Sends a request as it came, credentials included. Rejects when no answer came. */
  send(method: string, url: string, headers: IncomingHttpHeaders, body: string): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

const passedOn = ['authorization', 'accept', 'content-type', 'user-agent'] as const;

/** Opens the way to an API server whose certificate `ca` (PEM) vouches for. */
export function openUpstream(server: string, ca: string): Upstream {
  const agent = new Agent({ connections: 512, pipelining: 1, allowH2: false, bodyTimeout: 0, connect: { ca } });
  return {
    send: (method, url, headers, body) => {
      const kept = Object.fromEntries(passedOn.flatMap((name) => pair(name, headers[name])));
      const known = knownMethod(method);
      return request(`${server}${url}`, {
        method: known,
        dispatcher: agent,
        headers: kept,
        ...(body !== '' && { body }),
      });
    },
    close: () => agent.destroy(),
  };
}

function pair(name: string, value: string | readonly string[] | undefined): readonly (readonly [string, string])[] {
  return typeof value === 'string' ? [[name, value]] : [];
}

function knownMethod(method: string): Dispatcher.HttpMethod {
  switch (method) {
    case 'POST':
    case 'PUT':
    case 'PATCH':
    case 'DELETE':
      return method;
    default:
      return 'GET';
  }
}
