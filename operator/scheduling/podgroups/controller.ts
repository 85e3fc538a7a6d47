/** Keeps a PodGroup for every gang whose pods name one of ours, where the cluster serves them, and says where it does. */
import { ConfigMap, Job, type KindToken, Pod } from '../../kube/index.ts';
import type { Clock } from '../../observability/index.ts';
import { type Context, type Controller, type KubeObject, singleton } from '../../runtime/index.ts';
import { JobSet, LeaderWorkerSet, PodGroup } from '../gangs/kinds.ts';
import { decideGroups, groupIndexes, MADE_BY, MADE_BY_LABEL, PODS_BY_GROUP } from './decide.ts';

/** The ConfigMap without which the policy gpuopt-pod-group adds nothing. */
const SWITCH = 'gpuopt-pod-groups';
/** The label by which the policy finds it. */
const [SWITCH_LABEL, SERVED] = ['gpuoptimizer.io/pod-groups', 'served'] as const;
/** An API server that is restarted with other flags serves other kinds. */
const ASK_MILLIS = 60_000;

/** A group and version that the API server serves; it makes one for each by itself. */
const APIService: KindToken<KubeObject> = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  scope: 'Cluster',
};
const SERVED_AS = `${PodGroup.version}.${PodGroup.group}`;

/** The controller of PodGroups; `namespace` is the operator's. */
export function podGroupController(clock: Pick<Clock, 'monotonic'>, namespace: string): Controller {
  let asked: { readonly at: number; readonly served: boolean } | undefined;
  const isServed = async (ctx: Context): Promise<boolean> => {
    if (asked !== undefined && clock.monotonic() - asked.at < ASK_MILLIS) return asked.served;
    const served = (await ctx.live.get(APIService, { name: SERVED_AS })) !== undefined;
    await turn(served, namespace, ctx);
    asked = { at: clock.monotonic(), served };
    return served;
  };
  return singleton('podgroup')
    .watches(Pod, { when: (now, before) => groupIndexes(now).length > 0 && isOther(now, before) })
    .watches(PodGroup)
    .reads(Job)
    .reads(JobSet)
    .reads(LeaderWorkerSet)
    .index(Pod, PODS_BY_GROUP, groupIndexes)
    .may({
      group: PodGroup.group,
      resource: PodGroup.plural,
      verbs: ['create', 'patch', 'delete'],
      in: 'cluster',
      why: 'makes the groups in which kube-scheduler binds the pods of a gang',
    })
    .may({
      group: APIService.group,
      resource: APIService.plural,
      verbs: ['get'],
      resourceNames: [SERVED_AS],
      in: 'cluster',
      why: 'finds out whether PodGroups are served',
    })
    .may({
      group: '',
      resource: 'configmaps',
      verbs: ['get', 'create', 'delete'],
      in: 'operator',
      why: 'says to the policy gpuopt-pod-group that PodGroups are served',
    })
    .debounce('100ms')
    .every('1m')
    .reconcile(async (ctx) => {
      if (!(await isServed(ctx))) return undefined;
      const { keep, remove } = decideGroups(ctx);
      for (const { namespace: where, name, minCount } of keep) {
        const metadata = { namespace: where, name, labels: { [MADE_BY_LABEL]: MADE_BY } };
        await ctx.apply(PodGroup, { metadata, spec: { schedulingPolicy: { gang: { minCount } } } }, { owner: 'none' });
      }
      for (const group of remove) await ctx.remove(PodGroup, group);
      return undefined;
    });
}

/** Makes or removes the switch of the policy. */
async function turn(on: boolean, namespace: string, ctx: Context): Promise<void> {
  const old = await ctx.live.get(ConfigMap, { namespace, name: SWITCH });
  const isSwitch = old?.metadata.labels?.[SWITCH_LABEL] === SERVED;
  if (old !== undefined && !(on && isSwitch)) await ctx.remove(ConfigMap, old);
  if (on && !isSwitch)
    await ctx.create(ConfigMap, { metadata: { namespace, name: SWITCH, labels: { [SWITCH_LABEL]: SERVED } } });
}

function isOther(now: Pod, before: Pod | undefined): boolean {
  return before === undefined || now.status?.phase !== before.status?.phase;
}
