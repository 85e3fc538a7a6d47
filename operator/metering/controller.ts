/** Keeps one interval in the store for every time that a pod or a claim held GPUs, from the bind or the start to the end. */
import { kinds } from '../api/index.ts';
import { Namespace, Node, Pod, ResourceClaim, ResourceSlice } from '../kube/index.ts';
import { Conflict, type Context, type Controller, Invalid, NotFound, singleton } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { createMarkKeeper } from './bill-from/marks.ts';
import { createPlanLookup } from './bill-from/observe.ts';
import { decideClaims } from './claims/decide.ts';
import { isClaimKey } from './claims/facts.ts';
import { observeClaims } from './claims/observe.ts';
import { decide, sightOf } from './decide.ts';
import type { PodFact } from './facts.ts';
import { meteringFinalizer } from './labels.ts';
import { createMemory } from './memory.ts';
import { concernsMetering, createTenantLookup, observe } from './observe.ts';
import { hourSeconds } from './sealing/window.ts';

/**
 * The observer of pods. One pass looks at all of them: a restart needs nothing but the list and the store. A namespace that
 * changes hands does so with the next window.
 */
export function meteringController(store: Store, windowSeconds = hourSeconds): Controller {
  const memory = createMemory(store);
  const marks = createMarkKeeper(store);
  let settled: ReadonlySet<string> = new Set();
  return singleton('metering')
    .watches(Pod, {
      when: (now, before) => concernsMetering(now) || (before !== undefined && concernsMetering(before)),
    })
    .watches(ResourceClaim)
    .reads(Namespace)
    .reads(Node)
    .reads(ResourceSlice)
    .reads(kinds.Tenant)
    .reads(kinds.BillingPlan)
    .may({
      group: '',
      resource: 'pods',
      verbs: ['patch'],
      in: 'cluster',
      why: 'removes its finalizer from a pod whose interval is stored',
    })
    .debounce('500ms')
    .every('5s')
    .timeout('60s')
    .reconcile(async (ctx) => {
      const now = ctx.now().getTime();
      const tenantOf = createTenantLookup(ctx);
      const billFromOf = createPlanLookup(ctx);
      const namespaces = ctx.list(Namespace).map(({ metadata }) => metadata.name ?? '');
      const rules = new Map(namespaces.map((namespace) => [namespace, billFromOf(tenantOf(namespace))]));
      const boundFromOf = await marks.keep(rules, now);
      const pods = observe(ctx, tenantOf, boundFromOf, now);
      const { claims, usersOfGone } = observeClaims(ctx, tenantOf, boundFromOf, now);
      const { open, before } = await memory.read();
      const sight = sightOf(now, before, windowSeconds);
      const ofPods = decide(
        pods,
        open.filter(({ deviceKey }) => !isClaimKey(deviceKey)),
        sight,
        settled,
      );
      const claimed = open.filter(({ deviceKey }) => isClaimKey(deviceKey));
      const ofClaims = decideClaims(claims, claimed, usersOfGone, sight);
      const plan = {
        open: [...ofPods.open, ...ofClaims.open],
        close: [...ofPods.close, ...ofClaims.close],
        release: ofPods.release,
      };
      await memory.write(plan, now);
      settled = new Set(pods.filter(({ end }) => end !== undefined).map(({ uid }) => uid));
      for (const pod of plan.release) await release(pod, ctx);
      return {};
    });
}

/** Lets a pod go. A pod that is gone or changed meanwhile is looked at again by the next pass. */
async function release(pod: PodFact, ctx: Context): Promise<void> {
  const key = { namespace: pod.namespace, name: pod.name };
  const position = ctx.get(Pod, key)?.metadata.finalizers?.indexOf(meteringFinalizer) ?? -1;
  if (position < 0) return;
  const path = `/metadata/finalizers/${position}`;
  const body = [
    { op: 'test', path: '/metadata/uid', value: pod.uid },
    { op: 'test', path, value: meteringFinalizer },
    { op: 'remove', path },
  ];
  try {
    await ctx.patch(Pod, key, { type: 'json', body });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    const at = { pod: `${pod.namespace}/${pod.name}` };
    // The tests in the patch fail when the pod is gone or another finalizer went first: the next pass looks again.
    const overtaken = error instanceof Invalid || error instanceof NotFound || error instanceof Conflict;
    if (overtaken) ctx.log.debug(at, 'the pod changed before its finalizer could go');
    // One pod that cannot be let go must not keep the others from being metered.
    else ctx.log.warn({ ...at, err: error }, 'could not take the finalizer off the pod, trying again in the next pass');
  }
}
