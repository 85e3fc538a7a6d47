import { readFile } from 'node:fs/promises';
import type { Clock } from '../../observability/index.ts';
import { argumentNames } from './api-schema.ts';
import { Fenced, type RunStore } from './contract.ts';

/** Where the operator answers, and the token that says who asks. */
export interface RemoteDeps {
  /** For example `http://gpuopt-jobs.gpuopt-system:8082`. */
  readonly url: string;
  /** Read for every call, because the kubelet renews the token. */
  readonly tokenFile: string;
  readonly clock: Clock;
  /** Longest wait for one answer; default 10,000 ms. */
  readonly timeoutMillis?: number;
  /** Longest time that a call is tried again; default 90,000 ms, long enough for a restart of the operator. */
  readonly patienceMillis?: number;
}

/** Path prefix of the store's methods. */
export const jobApiPath = '/jobs/growth/v1/';

/**
 * The operator refused a call, or could not be reached for long. `retryable` says whether a later run may succeed.
 * @means JobApiRefused: the operator refused a call of a run
 * @remedy JobApiRefused: look up the refusal in the log of the operator; a token that is refused belongs to another
 *   ServiceAccount or Job
 * @means JobApiUnreachable: the operator could not be reached by a run for long
 * @remedy JobApiUnreachable: check that the operator runs and that the network policy lets run pods reach its API
 *   port; the Job's next attempt resumes
 */
export class JobApiError extends Error {
  override readonly name = 'JobApiError';
  readonly code: 'JobApiRefused' | 'JobApiUnreachable';
  constructor(code: 'JobApiRefused' | 'JobApiUnreachable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The run store over HTTP; each call has a timeout, and is repeated while the operator cannot be reached. */
export function remoteRunStore(deps: RemoteDeps): RunStore {
  const invoke = async <T>(method: keyof RunStore, args: readonly unknown[], signal: AbortSignal): Promise<T> => {
    const names = argumentNames.get(method) ?? [];
    const body = JSON.stringify(Object.fromEntries(names.map((name, index) => [name, args[index]])));
    return (await callWithPatience(deps, method, body, signal)) as T;
  };
  const fenced = async <T>(method: keyof RunStore, args: readonly unknown[], signal: AbortSignal): Promise<T> => {
    try {
      return await invoke<T>(method, args, signal);
    } catch (error) {
      if (error instanceof FencedAnswer)
        throw new Fenced(args[0] as { runId: string; attempt: number }, { cause: error });
      throw error;
    }
  };
  return {
    claim: (request, signal) => invoke('claim', [request], signal),
    heartbeat: (fence, signal) => fenced('heartbeat', [fence], signal),
    importContacts: (fence, step, rows, signal) => fenced('importContacts', [fence, step, rows], signal),
    planMessages: (fence, request, signal) => fenced('planMessages', [fence, request], signal),
    claimMessage: (fence, step, nonce, signal) => fenced('claimMessage', [fence, step, nonce], signal),
    recordDelivery: (fence, delivery, signal) => fenced('recordDelivery', [fence, delivery], signal),
    countStep: (fence, step, signal) => fenced('countStep', [fence, step], signal),
    finishStep: (fence, step, counts, signal) => fenced('finishStep', [fence, step, counts], signal),
    finish: (fence, message, signal) => fenced('finish', [fence, message], signal),
    fail: (fence, failure, signal) => fenced('fail', [fence, failure], signal),
  };
}

class FencedAnswer extends Error {}

/** An answer that a later try may change. */
class TryAgain extends Error {}

async function callWithPatience(deps: RemoteDeps, method: string, body: string, signal: AbortSignal): Promise<unknown> {
  const until = deps.clock.monotonic() + (deps.patienceMillis ?? 90_000);
  for (let wait = 200; ; wait = Math.min(wait * 2, 5_000)) {
    try {
      return await call(deps, method, body, signal);
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      signal.throwIfAborted();
      if (deps.clock.monotonic() + wait > until) {
        throw new JobApiError(
          'JobApiUnreachable',
          `the operator at ${deps.url} did not answer ${method}: ${error.message}`,
          {
            cause: error,
          },
        );
      }
      await deps.clock.sleep(wait, signal);
    }
  }
}

async function call(deps: RemoteDeps, method: string, body: string, signal: AbortSignal): Promise<unknown> {
  const token = (await readFile(deps.tokenFile, 'utf8')).trim();
  const response = await fetch(new URL(`${jobApiPath}${method}`, deps.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(deps.timeoutMillis ?? 10_000)]),
  }).catch((cause: unknown) => {
    throw new TryAgain(causeOf(cause), { cause });
  });
  const answer = await response.text().catch((cause: unknown) => {
    throw new TryAgain(causeOf(cause), { cause });
  });
  if (response.ok) return answer === '' ? undefined : JSON.parse(answer);
  if (response.status === 409) throw new FencedAnswer();
  if (response.status >= 500 || response.status === 429) throw new TryAgain(`status ${response.status}`);
  throw new JobApiError(
    'JobApiRefused',
    `the operator refused ${method} with status ${response.status}: ${answer.slice(0, 300)}`,
  );
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
