import { createHash } from 'node:crypto';
import type { Clock } from '../../observability/index.ts';
import { jobAudience, jobServiceAccount } from './config.ts';

/** The part of a TokenReview's status that decides. */
export interface ReviewedToken {
  readonly authenticated?: boolean;
  readonly audiences?: readonly string[];
  readonly user?: { readonly username?: string };
}

/** Asks the API server for a TokenReview of `token` for the audiences. */
export type ReviewToken = (token: string, audiences: readonly string[]) => Promise<ReviewedToken>;

/** Answers the namespace of the run pod that a token belongs to, or undefined when it is not a run pod's. */
export type VerifyJobToken = (token: string) => Promise<string | undefined>;

const rememberMillis = 60_000;
const rememberAtMost = 1_000;

/** Verifies tokens by TokenReview: the audience must be the jobs', the user the fixed ServiceAccount. A good answer is kept for a minute. */
export function jobTokenVerifier(review: ReviewToken, clock: Clock): VerifyJobToken {
  const known = new Map<string, { readonly namespace: string; readonly until: number }>();
  return async (token) => {
    const digest = createHash('sha256').update(token).digest('hex');
    const now = clock.monotonic();
    const remembered = known.get(digest);
    if (remembered && remembered.until > now) return remembered.namespace;
    const namespace = namespaceIn(await review(token, [jobAudience]));
    if (namespace === undefined) return undefined;
    if (known.size >= rememberAtMost) known.clear();
    known.set(digest, { namespace, until: now + rememberMillis });
    return namespace;
  };
}

function namespaceIn(status: ReviewedToken): string | undefined {
  if (status.authenticated !== true || !status.audiences?.includes(jobAudience)) return undefined;
  const [system, kind, namespace, name, ...rest] = (status.user?.username ?? '').split(':');
  if (system !== 'system' || kind !== 'serviceaccount' || name !== jobServiceAccount || rest.length > 0)
    return undefined;
  return namespace;
}
