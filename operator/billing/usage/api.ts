import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Clock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { UsageQuestionError } from './question.ts';
import type { Report } from './report.ts';

/** Serves a request if it is for one of the reports; false leaves it to others. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * `GET /api/v1/usage?tenant=T&from=…&to=…` and the paths of the other reports: the JSON of the commands. It is how they
 * read while the operator has the embedded database open. Read-only, and without authentication: serve it on a loopback
 * address or behind one that authenticates.
 */
export function reportApi(reports: readonly Report<object>[], store: Store, clock: Clock): Handler {
  return async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://operator');
    const report = reports.find(({ path }) => path === pathname);
    if (report === undefined) return false;
    if (request.method !== 'GET') {
      send(response, 405, { error: 'only GET is served here' });
      return true;
    }
    try {
      const asked = {
        ...{ tenant: searchParams.get('tenant'), month: searchParams.get('month') },
        ...{ from: searchParams.get('from'), to: searchParams.get('to') },
      };
      send(response, 200, await report.read(store, asked, clock.now()));
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
