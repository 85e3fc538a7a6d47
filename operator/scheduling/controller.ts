/** Keeps no gated pod waiting that has a place: plans all of them, lets go those that fit, tells the rest why not. */
import { kinds } from '../api/index.ts';
import {
  DeviceClass,
  DeviceTaintRule,
  Job,
  Node,
  Pod,
  PodDisruptionBudget,
  ResourceClaim,
  ResourceSlice,
} from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import { offerChanged } from '../pools/index.ts';
import { type Controller, singleton } from '../runtime/index.ts';
import { type Decision, decide } from './decide.ts';
import { createDefragmenter } from './defragmentation/enact.ts';
import { claimsToGiveBack } from './dra/give-back.ts';
import { claimChanged } from './dra/wakes.ts';
import { createClaimWriter } from './dra/writer.ts';
import { createReleaser } from './enact.ts';
import { ENDED_BY_OWNER, endedOwner } from './eta/history.ts';
import { type RunRecord, runTimesPermission } from './eta/record.ts';
import { bindTimeoutEvent } from './events.ts';
import { gangIndexes, PODS_BY_GANG } from './gangs/gang.ts';
import { JobSet, LeaderWorkerSet, PodGroup } from './gangs/kinds.ts';
import { reportPartial } from './gangs/take-back.ts';
import type { SchedulingMetrics } from './metrics.ts';
import { planId } from './names.ts';
import { nextPass } from './next-pass.ts';
import { createNotifier } from './notices.ts';
import { observe } from './observe.ts';
import { createKeeper } from './planner/index.ts';
import { PODS_BY_STATE, statesOf } from './pod-state.ts';
import { createPreempter } from './preemption/enact.ts';
import { repriceAfter } from './reprice.ts';
import { createSentReleases } from './sent.ts';
import { createStatusWriter } from './status-writer.ts';
import { planChanged, rightsChanged, sizeChanged, specChanged } from './wakes.ts';
import { createWindows } from './windows.ts';

/** Least time between two plans: a pod that comes alone is planned at once, a stream of pods in portions. */
const DEBOUNCE = '100ms';

/**
 * The planner as a controller. All truth is on the pods, so it can be killed at any point and goes on where it was; what
 * it remembers beside them is only what it sent and the cache does not show yet, what its policy learned of the pods
 * that came, which it learns again from those that are there, and how long pods ran, which is kept.
 */
export function plannerController(clock: Clock, metrics: SchedulingMetrics, runs: RunRecord): Controller {
  const sent = createSentReleases(clock);
  const keeper = createKeeper();
  const windows = createWindows(clock);
  const claims = createClaimWriter(clock);
  const release = createReleaser(clock, sent, claims);
  const preempt = createPreempter(clock);
  const defragment = createDefragmenter(clock);
  const notify = createNotifier(clock);
  const writeStatus = createStatusWriter(clock);
  return singleton('planner')
    .watches(Pod, { when: planChanged })
    .watches(Node, { when: (now, before) => before === undefined || offerChanged(now, before) })
    .watches(kinds.GPUPool, { when: specChanged })
    .watches(kinds.Tenant, { when: rightsChanged })
    .watches(Job, { when: sizeChanged })
    .watches(JobSet, { when: specChanged })
    .watches(LeaderWorkerSet, { when: specChanged })
    .watches(PodGroup, { when: specChanged })
    .watches(ResourceClaim, { when: claimChanged })
    .watches(ResourceSlice)
    .watches(DeviceTaintRule)
    .reads(DeviceClass)
    .reads(PodDisruptionBudget)
    .index(Pod, PODS_BY_STATE, statesOf)
    .index(Pod, PODS_BY_GANG, gangIndexes)
    .index(Pod, ENDED_BY_OWNER, endedOwner)
    .may({ group: '', resource: 'pods', verbs: ['patch'], in: 'cluster', why: 'releases gated pods to their nodes' })
    .may({
      group: '',
      resource: 'pods/eviction',
      verbs: ['create'],
      in: 'cluster',
      why: 'takes gangs back that do not start whole, evicts pods for those who have a better right to their room, and moves pods where a pool says so',
    })
    .may({ group: '', resource: 'pods/status', verbs: ['patch'], in: 'cluster', why: 'says on a pod why it waits' })
    .may({
      group: 'gpuoptimizer.io',
      resource: 'gpupools/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'reports fragmentation, waiting pods and moves of pools',
    })
    .may({
      group: 'gpuoptimizer.io',
      resource: 'tenants/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'reports waiting pods of tenants',
    })
    .may({
      group: 'resource.k8s.io',
      resource: 'resourceclaims',
      verbs: ['patch'],
      in: 'cluster',
      why: 'protects claims that it allocates',
    })
    .may({
      group: 'resource.k8s.io',
      resource: 'resourceclaims/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'allocates claims in pools whose allocator is GPUOptimizer',
    })
    .may({
      group: 'resource.k8s.io',
      resource: 'resourceclaims/binding',
      verbs: ['patch', 'update'],
      in: 'cluster',
      why: 'Kubernetes asks for it beside resourceclaims/status where an allocation is written',
    })
    .may(runTimesPermission)
    .debounce(DEBOUNCE)
    .every('1m')
    .timeout('5m')
    .reconcile(async (ctx) => {
      const settled = await sent.settle(ctx);
      await claims.settle(ctx);
      await runs.keep(ctx);
      const begun = clock.monotonic();
      const remembered = { sentByUid: sent.byUid, sentClaims: claims.sent, runs: runs.known() };
      const facts = observe(ctx, ctx.now(), remembered);
      const decision = decide(facts, keeper, windows);
      metrics.planned((clock.monotonic() - begun) / 1000, decision);
      metrics.shared(facts.shares);
      await claims.allocate(decision.regrant, ctx);
      const released = await release(decision.release, planId(ctx.now()), ctx);
      metrics.released([...settled, ...released.pods], ctx.now());
      if (released.failure !== undefined) throw released.failure.error;
      await claims.giveBack(claimsToGiveBack(ctx, facts.dra.claims.values(), waitingUids(decision)), ctx);
      const preempted = await preempt(facts, decision, ctx);
      metrics.preempted(preempted.length);
      // Who was just evicted for somebody leaves room that this plan does not know of.
      const moved = preempted.length === 0 ? await defragment(facts, decision, ctx) : { evicted: [], due: 0 };
      metrics.defragmented(moved);
      const unsaid = await notify(decision.waiting, facts.notices, ctx);
      for (const pod of facts.overdue) ctx.event(bindTimeoutEvent(pod));
      await reportPartial(facts.partial, ctx);
      const again = await writeStatus(facts, decision, ctx);
      const owed = await repriceAfter(keeper, ctx.signal);
      return { after: nextPass({ facts, decision, released, unsaid, again, owed, movesDue: moved.due }) };
    });
}

/** Pods that this plan could not place. */
function waitingUids({ waiting }: Decision): ReadonlySet<string> {
  return new Set(waiting.flatMap(({ queued }) => [...queued.pods.values()].map(({ metadata }) => metadata.uid ?? '')));
}
