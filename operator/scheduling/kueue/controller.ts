/** Answers the admission checks of Kueue that name this operator: whether a workload that holds quota has room, and where. */
import { kinds } from '../../api/index.ts';
import {
  DeviceClass,
  DeviceTaintRule,
  Job,
  Node,
  Pod,
  PodDisruptionBudget,
  ResourceClaim,
  ResourceSlice,
  seconds,
} from '../../kube/index.ts';
import { createTenantOf, offerChanged } from '../../pools/index.ts';
import { type Context, type Controller, singleton } from '../../runtime/index.ts';
import { createConstraintOf } from '../constraint.ts';
import { decide } from '../decide.ts';
import { ENDED_BY_OWNER, endedOwner } from '../eta/history.ts';
import type { RunRecord } from '../eta/record.ts';
import { gangIndexes, PODS_BY_GANG } from '../gangs/gang.ts';
import { JobSet, LeaderWorkerSet, PodGroup } from '../gangs/kinds.ts';
import { observe } from '../observe.ts';
import { PODS_BY_STATE, statesOf } from '../pod-state.ts';
import { createNearOf } from '../topology/nearness.ts';
import { planChanged } from '../wakes.ts';
import { type CheckAnswer, decideChecks } from './decide.ts';
import { AdmissionCheck, ResourceFlavor, Workload } from './kinds.ts';
import { CONTROLLER_NAME, observeChecks } from './workloads.ts';

/** Seconds after which Kueue may reserve quota again for a workload that has no room. */
const REQUEUE_SECONDS = 60;
const group = 'kueue.x-k8s.io';

/** The controller of the checks; it does nothing until an AdmissionCheck names it, see `CONTROLLER_NAME`. */
export function checkController(runs: Pick<RunRecord, 'known'>): Controller {
  return singleton('kueuecheck')
    .watches(AdmissionCheck)
    .watches(Workload)
    .reads(ResourceFlavor)
    .watches(Pod, { when: planChanged })
    .watches(Node, { when: (now, before) => before === undefined || offerChanged(now, before) })
    .reads(kinds.GPUPool)
    .reads(kinds.Tenant)
    .reads(Job)
    .reads(JobSet)
    .reads(LeaderWorkerSet)
    .reads(PodGroup)
    .reads(ResourceClaim)
    .reads(ResourceSlice)
    .reads(DeviceTaintRule)
    .reads(DeviceClass)
    .reads(PodDisruptionBudget)
    .index(Pod, PODS_BY_STATE, statesOf)
    .index(Pod, PODS_BY_GANG, gangIndexes)
    .index(Pod, ENDED_BY_OWNER, endedOwner)
    .may({ group, resource: 'admissionchecks/status', verbs: ['patch'], in: 'cluster', why: 'says that it answers' })
    .may({
      group,
      resource: 'workloads/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'answers the checks of workloads',
    })
    .debounce('500ms')
    .every('1m')
    .reconcile(async (ctx) => {
      const found = observeChecks(ctx);
      for (const check of found.checks) await activate(check, ctx);
      if (found.pending.length === 0) return undefined;
      const facts = observe(ctx, ctx.now(), { runs: runs.known() });
      const nodes = ctx.list(Node);
      const pools = ctx.list(kinds.GPUPool);
      const answers = decideChecks(found, facts, decide(facts), {
        constraintOf: createConstraintOf(nodes),
        nearOf: createNearOf({ pools, nodes: facts.nodes, nodeOf: () => undefined }),
        tenantOf: createTenantOf(ctx.list(kinds.Tenant)),
        levels: [...new Set(pools.flatMap(({ spec }) => spec.scheduling?.topology?.levels ?? []))],
      });
      for (const answer of answers) await write(answer, ctx);
      return { after: seconds(30) };
    });
}

/** Kueue lets nothing pass a check whose controller has not said that it is there. */
async function activate({ metadata, status }: AdmissionCheck, ctx: Context): Promise<void> {
  const { name = '', generation } = metadata;
  const before = status?.conditions?.find(({ type }) => type === 'Active');
  if (before?.status === 'True' && before.observedGeneration === generation) return;
  const condition = {
    type: 'Active',
    status: 'True',
    reason: 'Active',
    message: `Answered by the controller ${CONTROLLER_NAME}.`,
    observedGeneration: generation,
    lastTransitionTime: before?.status === 'True' ? before.lastTransitionTime : timeOf(ctx),
  };
  await ctx.applyStatus(AdmissionCheck, { metadata: { name }, status: { conditions: [condition] } });
}

async function write({ checked, state, message, podSetUpdates }: CheckAnswer, ctx: Context): Promise<void> {
  const { name = '', namespace } = checked.workload.metadata;
  const admissionChecks = checked.checks.map((check) => ({
    name: check.name,
    state,
    message,
    lastTransitionTime: timeOf(ctx),
    ...(state === 'Ready' ? { podSetUpdates } : { requeueAfterSeconds: REQUEUE_SECONDS }),
  }));
  await ctx.applyStatus(Workload, { metadata: { name, namespace }, status: { admissionChecks } });
}

function timeOf(ctx: Context): string {
  return `${ctx.now().toISOString().slice(0, 19)}Z`;
}
