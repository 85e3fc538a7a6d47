import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../observability/index.ts';
import type { Authoriser } from './authorise.ts';
import { readJson } from './body.ts';
import type { Entitlement } from './entitlement.ts';
import { basePath, documentPath, openApi } from './openapi.ts';
import { PortalProblem, problemStatus } from './problem.ts';
import { createLimiter, type Limiter, type Rate } from './rate-limit.ts';
import { type Route, type RouteDeps, routes } from './routes.ts';
import { callReader, type ReadCall } from './validate.ts';

/** What the portal needs. */
export interface PortalDeps extends RouteDeps {
  readonly authoriser: Authoriser;
  readonly entitlement: Entitlement;
  readonly log: Logger;
  readonly version: string;
  /** For each caller; by default 10 a second and 40 at once. */
  readonly rate?: Rate;
  /** How long an answer may take, in milliseconds; default 20,000. */
  readonly answerMillis?: number;
}

/** Answers a request when it is for the portal and says true; else says false and leaves the response alone. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

interface Entry {
  readonly route: Route;
  readonly read: ReadCall;
}

const prefix = basePath.slice(0, basePath.indexOf('{'));
const path = new RegExp(`^${prefix}([^/]+)(/[a-z-]+)$`);

/**
 * The portal's HTTP API: `GET /openapi.json` and the route table below `/v1/tenants/NAME`. A request is authenticated,
 * then authorised for the tenant in its path, and then reads in a transaction that can see that tenant only.
 */
export function portalApi(deps: PortalDeps): Handler {
  const entries = routes.map((route): Entry => ({ route, read: callReader(route) }));
  const document = JSON.stringify(openApi(deps.version));
  const { clock } = deps;
  const rate = deps.rate ?? { perSecond: 10, burst: 40 };
  const callers = createLimiter(rate, clock);
  // Before anybody is known: an address, behind which many may be.
  const addresses = createLimiter({ perSecond: rate.perSecond * 10, burst: rate.burst * 10 }, clock);
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://portal');
    if (url.pathname === documentPath && request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(document);
      return true;
    }
    if (!url.pathname.startsWith('/v1/')) return false;
    const requestId = randomUUID();
    try {
      within(addresses, request.socket.remoteAddress ?? '');
      const answering = answer(deps, entries, callers, request, url);
      const value = await inTime(answering, deps.answerMillis ?? 20_000);
      send(response, 200, 'application/json', value, requestId);
    } catch (error) {
      refuse(deps.log, response, error, requestId);
      request.resume();
    }
    return true;
  };
}

async function answer(
  deps: PortalDeps,
  entries: readonly Entry[],
  limiter: Limiter,
  request: IncomingMessage,
  url: URL,
): Promise<object> {
  const caller = await deps.authoriser.caller(bearer(request));
  within(limiter, caller.username);
  const { entry, tenant } = find(entries, request.method ?? '', url.pathname);
  const body = entry.route.body === undefined ? undefined : await readJson(request);
  const call = entry.read(tenant, url.searchParams, body);
  await deps.authoriser.allow(caller, call.tenant, entry.route.right);
  await deps.entitlement.require(call.tenant);
  return await entry.route.handle(deps, call);
}

function find(entries: readonly Entry[], method: string, pathname: string): { entry: Entry; tenant: string } {
  const [, tenant, rest] = path.exec(pathname) ?? [];
  const here = entries.filter(({ route }) => route.path === rest);
  // As it stands: a name with an escape in it is none.
  if (tenant === undefined || here.length === 0)
    throw new PortalProblem('NotFound', `${pathname} is no path of the portal; ${documentPath} lists them`);
  const entry = here.find(({ route }) => route.method === method);
  if (entry !== undefined) return { entry, tenant };
  const allow = here.map(({ route }) => route.method).join(', ');
  throw new PortalProblem('MethodNotAllowed', `${pathname} takes ${allow}, not ${method}`, { headers: { allow } });
}

function bearer(request: IncomingMessage): string {
  const token = /^Bearer ([!-~]{1,8192})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token !== undefined) return token;
  const headers = { 'www-authenticate': 'Bearer' };
  throw new PortalProblem('Unauthenticated', 'the header Authorization: Bearer TOKEN is missing', { headers });
}

function within(limiter: Limiter, caller: string): void {
  const wait = limiter(caller);
  if (wait === 0) return;
  const headers = { 'retry-after': String(wait) };
  throw new PortalProblem('TooManyRequests', `too many requests; the next is answered in ${wait} s`, { headers });
}

async function inTime<T>(work: Promise<T>, millis: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new PortalProblem('Timeout', `no answer within ${millis} ms`)), millis);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function refuse(log: Logger, response: ServerResponse, error: unknown, requestId: string): void {
  const problem =
    error instanceof PortalProblem
      ? error
      : new PortalProblem('Internal', 'the operator could not answer; its log says why', { cause: error });
  const status = problemStatus[problem.code];
  if (status >= 500) log.error({ err: problem.cause ?? problem, code: problem.code, requestId }, 'the portal failed');
  const body = {
    type: 'about:blank',
    title: problem.code,
    status,
    code: problem.code,
    detail: problem.message,
    requestId,
  };
  send(response, status, 'application/problem+json', body, requestId, problem.headers);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  value: object,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const common = { 'content-type': type, 'cache-control': 'no-store', 'x-request-id': requestId };
  response.writeHead(status, { ...common, ...headers }).end(`${JSON.stringify(value)}\n`);
}
