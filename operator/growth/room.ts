import type { Clock, Logger, Registry } from '../observability/index.ts';
import type { Room } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { growthCampaign } from './campaign/controller.ts';
import type { JobSettings } from './campaign/resources.ts';
import { messagingChannel } from './channel/controller.ts';
import { unsubscribeHandler } from './consent/unsubscribe.ts';
import type { HttpHandler } from './http/handler.ts';
import { directRunStore } from './run/direct.ts';
import { jobApiHandler } from './run/job-api.ts';
import { meteredRunStore } from './run/metrics.ts';
import { jobTokenVerifier, type ReviewToken } from './run/token-check.ts';

/** What the growth room needs. */
export interface GrowthDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** Image of run pods: the operator's own. */
  readonly jobImage: string;
  readonly jobImagePullPolicy: JobSettings['imagePullPolicy'];
  /** Where run pods reach `jobApi`. */
  readonly jobApiUrl: string;
  readonly jobNodeSelector?: JobSettings['nodeSelector'];
  readonly jobTolerations?: JobSettings['tolerations'];
  /** How long a silent run keeps its period, in milliseconds; default 60,000. */
  readonly leaseMillis?: number;
}

/** The growth room: its controllers. `jobApi` and `unsubscribeHandler` are mounted by the process. */
export function growthRoom(deps: GrowthDeps): Room {
  const job: JobSettings = {
    image: deps.jobImage,
    imagePullPolicy: deps.jobImagePullPolicy,
    apiUrl: deps.jobApiUrl,
    nodeSelector: deps.jobNodeSelector,
    tolerations: deps.jobTolerations,
  };
  return {
    name: 'growth',
    controllers: [growthCampaign({ db: deps.store.db, job }), messagingChannel()],
    runnables: [],
  };
}

/** Handlers for the port that run pods and unsubscribing people reach: the store for runs, and the unsubscribe page. */
export function jobApi(
  deps: Pick<GrowthDeps, 'store' | 'clock' | 'log' | 'registry' | 'leaseMillis'> & { readonly review: ReviewToken },
): readonly HttpHandler[] {
  const { db } = deps.store;
  const direct = directRunStore({ db, clock: deps.clock, leaseMillis: deps.leaseMillis });
  const runs = meteredRunStore(direct, deps.registry);
  const verify = jobTokenVerifier(deps.review, deps.clock);
  return [jobApiHandler({ db, runs, verify, log: deps.log }), unsubscribeHandler({ db, clock: deps.clock })];
}
