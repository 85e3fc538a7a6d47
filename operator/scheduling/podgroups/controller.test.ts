import { describe, expect, it } from 'vitest';
import { ConfigMap } from '../../kube/index.ts';
import type { KubeObject } from '../../runtime/index.ts';
import { runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { PodGroup } from '../gangs/kinds.ts';
import { job, NOW, pod } from '../world.fixture.ts';
import { podGroupController } from './controller.ts';

const APIService = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  scope: 'Cluster',
} as const;
const served = thing<KubeObject>(APIService, { metadata: { name: 'v1beta1.scheduling.k8s.io', uid: 's' } });
const inGroup = { schedulingGroup: { podGroupName: 'gpuopt-job-1' } };
const group = (name: string, labels = {}): Thing =>
  thing(PodGroup, { metadata: { name, namespace: 'acme', uid: name, labels } });
const ours = { 'app.kubernetes.io/managed-by': 'gpuopt' };

interface Row {
  readonly name: string;
  readonly world: readonly Thing[];
  /** Least numbers of the groups that are kept, and the groups that are removed. */
  readonly kept?: Readonly<Record<string, number>>;
  readonly removed?: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'nothing where PodGroups are not served', world: [job('j', 2), pod('a', { job: 'j', spec: inGroup })] },
  {
    name: 'a group for the pods that name it',
    world: [served, job('j', 2), pod('a', { job: 'j', spec: inGroup }), pod('b', { job: 'j', spec: inGroup })],
    kept: { 'gpuopt-job-1': 2 },
  },
  {
    name: 'no more pods than name it: others of the gang ask for no GPU',
    world: [served, job('j', 3), pod('a', { job: 'j', spec: inGroup }), pod('b', { job: 'j', spec: inGroup })],
    kept: { 'gpuopt-job-1': 2 },
  },
  {
    name: 'what an elastic gang needs',
    world: [
      served,
      job('j', 2),
      ...['a', 'b'].map((name) =>
        pod(name, { job: 'j', spec: inGroup, annotations: { 'gpuoptimizer.io/gang-min': '1' } }),
      ),
    ],
    kept: { 'gpuopt-job-1': 1 },
  },
  {
    name: 'groups of others are theirs',
    world: [served, pod('a', { spec: { schedulingGroup: { podGroupName: 'theirs' } } })],
  },
  {
    name: 'a group without pods goes',
    world: [served, group('gpuopt-job-2', ours), group('gpuopt-of-others')],
    removed: ['gpuopt-job-2'],
  },
  {
    name: 'a group of pods that ended goes',
    world: [
      served,
      group('gpuopt-job-1', ours),
      job('j', 1),
      pod('a', { job: 'j', spec: inGroup, phase: 'Succeeded' }),
    ],
    removed: ['gpuopt-job-1'],
  },
];

describe('PodGroups of gangs', () => {
  it.each(rows)('$name', async ({ world, kept = {}, removed = [] }) => {
    const controller = podGroupController({ monotonic: () => NOW.getTime() }, 'gpuopt-system');
    const { acts } = await runPass(controller, { world, now: NOW });
    const counts = acts.flatMap((act) =>
      act.act === 'apply' && act.kind.startsWith('podgroups')
        ? [[act.key.replace('acme/', ''), Reflect.get(act.body, 'spec').schedulingPolicy.gang.minCount]]
        : [],
    );
    expect(Object.fromEntries(counts)).toEqual(kept);
    expect(acts.flatMap((act) => (act.act === 'remove' ? [act.key.replace('acme/', '')] : []))).toEqual(removed);
    const isOn = acts.some((act) => act.act === 'create' && act.key === 'gpuopt-system/gpuopt-pod-groups');
    expect(isOn).toBe(world.includes(served));
  });

  it('makes the switch anew where it lacks the label by which the policy finds it', async () => {
    const labelled = { 'gpuoptimizer.io/pod-groups': 'served' };
    const changes = async (labels: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const metadata = { namespace: 'gpuopt-system', name: 'gpuopt-pod-groups', uid: 'switch', labels };
      const controller = podGroupController({ monotonic: () => NOW.getTime() }, 'gpuopt-system');
      const { acts } = await runPass(controller, { world: [served, thing(ConfigMap, { metadata })], now: NOW });
      return acts.map(({ act }) => act);
    };
    expect([await changes(labelled), await changes({})]).toEqual([[], ['remove', 'create']]);
  });
});
