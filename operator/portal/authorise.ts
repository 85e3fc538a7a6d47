import { createHash } from 'node:crypto';
import { SubjectAccessReview, TokenReview } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Client } from '../runtime/index.ts';
import { PortalProblem } from './problem.ts';
import { remembering } from './remember.ts';
import type { Route } from './routes.ts';

/** The audience of tokens for the portal: one that leaks is worth nothing at the API server. */
export const portalAudience = 'gpuoptimizer.io/portal';

/** Whom a token belongs to. */
export interface Caller {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
}

/** Who may do what with a tenant; both throw a PortalProblem. */
export interface Authoriser {
  /** `Unauthenticated` unless the API server knows the token for the portal's audience. */
  caller(token: string): Promise<Caller>;
  /** `Forbidden` unless the caller has the right on this Tenant. */
  allow(caller: Caller, tenant: string, right: Route['right']): Promise<void>;
}

const reviewMillis = 10_000;

/**
 * Asks the API server by TokenReview and SubjectAccessReview; who runs it needs `create` on both. Answers are kept for
 * 30 seconds, refusals too, so that a caller who is refused costs no more than one who is not.
 */
export function clusterAuthoriser(client: Pick<Client, 'create'>, clock: Clock): Authoriser {
  const callers = remembering<Caller | undefined>(clock);
  const rights = remembering<boolean>(clock);
  return {
    caller: async (token) => {
      const key = createHash('sha256').update(token).digest('hex');
      const known = await callers(key, () => reviewToken(client, token));
      if (known === undefined) {
        throw new PortalProblem('Unauthenticated', `the API server does not know the token for ${portalAudience}`);
      }
      return known;
    },
    allow: async (caller, tenant, right) => {
      const key = JSON.stringify([caller, tenant, right]);
      if (await rights(key, () => reviewAccess(client, caller, tenant, right))) return;
      const { verb, subresource } = right;
      throw new PortalProblem('Forbidden', `${caller.username} may not ${verb} tenants/${subresource} of ${tenant}`);
    },
  };
}

async function reviewToken(client: Pick<Client, 'create'>, token: string): Promise<Caller | undefined> {
  const review: TokenReview = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    metadata: {},
    spec: { token, audiences: [portalAudience] },
  };
  const { status } = await client.create<TokenReview>(TokenReview, review, 'gpuopt', AbortSignal.timeout(reviewMillis));
  const username = status?.user?.username;
  if (status?.authenticated !== true || !status.audiences?.includes(portalAudience) || !username) return undefined;
  return { username, uid: status.user?.uid, groups: status.user?.groups };
}

async function reviewAccess(
  client: Pick<Client, 'create'>,
  { username, uid, groups }: Caller,
  tenant: string,
  { verb, subresource }: Route['right'],
): Promise<boolean> {
  const review: SubjectAccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: {
      user: username,
      uid,
      groups: groups === undefined ? undefined : [...groups],
      resourceAttributes: { group: 'gpuoptimizer.io', resource: 'tenants', subresource, verb, name: tenant },
    },
  };
  const signal = AbortSignal.timeout(reviewMillis);
  const { status } = await client.create<SubjectAccessReview>(SubjectAccessReview, review, 'gpuopt', signal);
  return status?.allowed === true && status.denied !== true;
}
