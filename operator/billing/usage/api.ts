import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Clock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { showUsage } from './query.ts';
import { questionOf, UsageQuestionError } from './question.ts';

/** The path that the handler serves. */
export const usagePath = '/api/v1/usage';

/** Serves a request if it is for usage; false leaves it to others. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * `GET /api/v1/usage?tenant=T&from=…&to=…`: the JSON of `gpuopt usage show`. It is how the command reads while the
 * operator has the embedded database open. Read-only, and without authentication: serve it on a loopback address or
 * behind one that authenticates.
 */
export function usageApi(store: Store, clock: Clock): Handler {
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://operator');
    if (url.pathname !== usagePath) return false;
    if (request.method !== 'GET') {
      send(response, 405, { error: 'only GET is served here' });
      return true;
    }
    const { searchParams } = url;
    try {
      const asked = { tenant: searchParams.get('tenant'), from: searchParams.get('from'), to: searchParams.get('to') };
      send(response, 200, await showUsage(store, questionOf(asked, clock.now())));
    } catch (error) {
      if (!(error instanceof UsageQuestionError)) throw error;
      send(response, 400, { error: error.message });
    }
    return true;
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
