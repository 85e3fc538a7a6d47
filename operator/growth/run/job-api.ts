import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import type { HttpHandler } from '../http/handler.ts';
import { argumentNames, bodyProblem } from './api-schema.ts';
import { type Fence, Fenced, type RunStore } from './contract.ts';
import { jobApiPath } from './remote.ts';
import type { VerifyJobToken } from './token-check.ts';

/** What the API for run pods needs. */
export interface JobApiDeps {
  readonly db: Store['db'];
  readonly runs: RunStore;
  readonly verify: VerifyJobToken;
  readonly log: Logger;
}

const maxBodyBytes = 1_048_576;

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** The store for run pods: POST `/jobs/growth/v1/<method>`. A pod reaches only campaigns of its own namespace. */
export function jobApiHandler(deps: JobApiDeps): HttpHandler {
  return async (request, response) => {
    const path = request.url ?? '/';
    if (!path.startsWith(jobApiPath)) return false;
    const answer = await answerTo(deps, request, path.slice(jobApiPath.length)).catch((error: unknown) =>
      failed(deps.log, error),
    );
    send(request, response, answer);
    return true;
  };
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  request.resume();
  response.writeHead(answer.status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
}

const refusal = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message } },
});

function failed(log: Logger, error: unknown): Answer {
  if (error instanceof Fenced) return refusal(409, error.code, error.message);
  log.error({ error: error instanceof Error ? error.message : String(error) }, 'the store failed a run');
  return refusal(503, 'StoreFailed', 'the store did not answer; try again');
}

async function answerTo(deps: JobApiDeps, request: IncomingMessage, method: string): Promise<Answer> {
  if (request.method !== 'POST') return refusal(405, 'MethodNotAllowed', 'only POST is understood');
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return refusal(401, 'NoToken', 'a bearer token is needed');
  const namespace = await deps.verify(token);
  if (namespace === undefined) return refusal(401, 'TokenRefused', 'the token is not one of a run pod');
  const text = await readBody(request);
  if (text === undefined) return refusal(413, 'BodyTooLarge', `a body may have ${maxBodyBytes} bytes`);
  const body = parse(text);
  const problem = bodyProblem(method, body);
  if (problem !== undefined) return refusal(400, 'BadRequest', problem);
  const args = body as Readonly<Record<string, unknown>>;
  if ((await namespaceOf(deps.db, args)) !== namespace) {
    return refusal(403, 'OtherNamespace', `the token is of namespace ${namespace}, the run is not`);
  }
  return { status: 200, body: await dispatch(deps.runs, method, args) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBodyBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

async function namespaceOf(db: Store['db'], args: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  const request = args.request as { readonly campaign?: { readonly namespace: string } } | undefined;
  if (request?.campaign) return request.campaign.namespace;
  const fence = args.fence as Fence;
  const run = await db.selectFrom('growth_run').select('namespace').where('id', '=', fence.runId).executeTakeFirst();
  return run?.namespace;
}

/** The body was validated, so its values are the method's arguments. */
function dispatch(runs: RunStore, method: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
  const values = (argumentNames.get(method) ?? []).map((name) => args[name]);
  const work = runs[method as keyof RunStore] as (...values: unknown[]) => Promise<unknown>;
  return work(...values, AbortSignal.timeout(30_000));
}
