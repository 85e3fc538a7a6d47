import { DeviceClass, keyText, type Pod, ResourceClaim } from '../../kube/index.ts';
import type { Clock } from '../../observability/index.ts';
import type { Context, PatchBody } from '../../runtime/index.ts';
import { createPace, eachBounded } from '../bounded.ts';
import { errorCode, isCertain, isOvertaken } from '../failures.ts';
import {
  allocatePatch,
  allocationOf,
  type ClaimGrant,
  clearPatch,
  protectPatch,
  unprotectPatch,
} from './allocation.ts';
import type { SentAllocations } from './claims.ts';
import { allocationRefusedEvent } from './events.ts';

/** Claim writes per second; each claim takes two. */
const WRITES_PER_SECOND = 500;
const WRITES_AT_ONCE = 16;

/** A pod with the devices that its claims are to get. */
export interface PodGrants {
  readonly pod: Pod;
  readonly grants: readonly ClaimGrant[];
}

/** Writes allocations, and remembers those of which nobody knows whether they were applied. */
export interface ClaimWriter {
  /** Allocations that the cache does not show, as claims that have them: their devices are taken until it is known. */
  readonly sent: SentAllocations;
  /** Sends again what stayed open, under the version that it was sent with, which the API server takes once. */
  readonly settle: (ctx: Context) => Promise<void>;
  /** Allocates the claims of pods; answers the uids of the pods of which one could not be allocated. */
  readonly allocate: (pods: readonly PodGrants[], ctx: Context) => Promise<ReadonlySet<string>>;
  /** Takes allocations back. */
  readonly giveBack: (claims: readonly ResourceClaim[], ctx: Context) => Promise<void>;
}

interface Open {
  readonly claim: ResourceClaim;
  readonly patch: PatchBody;
}

/** A writer with nothing sent. */
export function createClaimWriter(clock: Pick<Clock, 'monotonic' | 'sleep'>): ClaimWriter {
  const pace = createPace(clock, WRITES_PER_SECOND);
  const open = new Map<string, Open>();
  const sent = new Map<string, ResourceClaim>();
  const forget = (uid: string): void => {
    open.delete(uid);
    sent.delete(uid);
  };
  const patch = async (claim: ResourceClaim, body: PatchBody, ctx: Context): Promise<ResourceClaim> => {
    const { name = '', namespace, uid } = claim.metadata;
    await pace.wait(ctx.signal);
    return await ctx.patch(ResourceClaim, { namespace, name, uid }, body);
  };
  const send = async (claim: ResourceClaim, body: PatchBody, ctx: Context): Promise<void> => {
    const { uid = '' } = claim.metadata;
    open.set(uid, { claim, patch: body });
    try {
      await patch(claim, body, ctx);
      forget(uid);
    } catch (error) {
      if (isCertain(error)) forget(uid);
      throw error;
    }
  };
  const allocateOne = async (grant: ClaimGrant, pod: Pod, ctx: Context): Promise<void> => {
    const classes = (name: string): DeviceClass | undefined => ctx.get(DeviceClass, { name });
    const claim = await patch(grant.facts.claim, protectPatch(grant, pod), ctx);
    const { uid = '', resourceVersion } = claim.metadata;
    const now = ctx.now();
    sent.set(uid, { ...claim, status: { ...claim.status, allocation: allocationOf(grant, classes, now) } });
    await send(claim, allocatePatch(grant, resourceVersion, classes, now), ctx);
  };
  return {
    sent,
    settle: async (ctx) => {
      for (const { claim, patch: body } of [...open.values()]) {
        try {
          await send(claim, body, ctx);
        } catch (error) {
          ctx.log.warn({ err: error, claim: keyText(claim) }, 'an allocation that was not answered was sent again');
        }
      }
    },
    allocate: async (pods, ctx) => {
      const failed = new Set<string>();
      await eachBounded(pods, WRITES_AT_ONCE, ctx.signal, async ({ pod, grants }) => {
        try {
          for (const grant of grants) await allocateOne(grant, pod, ctx);
        } catch (error) {
          failed.add(pod.metadata.uid ?? '');
          report(pod, error, ctx);
        }
      });
      // What the signal kept from being begun is not allocated either.
      if (ctx.signal.aborted) for (const { pod } of pods) failed.add(pod.metadata.uid ?? '');
      return failed;
    },
    giveBack: async (claims, ctx) => {
      await eachBounded(claims, WRITES_AT_ONCE, ctx.signal, async (claim) => {
        try {
          const cleared = claim.status?.allocation === undefined ? claim : await patch(claim, clearPatch(claim), ctx);
          await patch(cleared, unprotectPatch(cleared), ctx);
        } catch (error) {
          // Reserved, changed or gone meanwhile: the next pass looks again.
          if (!isOvertaken(error)) throw error;
        }
      });
    },
  };
}

function report(pod: Pod, error: unknown, ctx: Context): void {
  if (isOvertaken(error)) return;
  const code = errorCode(error);
  ctx.log.warn({ err: error, pod: keyText(pod) }, 'the claims of a pod could not be allocated');
  if (code !== 'Invalid' && code !== 'Forbidden') return;
  ctx.event(allocationRefusedEvent(pod, error instanceof Error ? error.message : String(error)));
}
