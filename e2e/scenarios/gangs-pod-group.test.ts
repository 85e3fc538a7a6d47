import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import type { Pod } from '../../operator/kube/index.ts';
import type { PodGroup } from '../../operator/scheduling/index.ts';
import type { Cluster } from '../cluster/index.ts';
import { clusterWithPodGroups } from './gangs/pod-group-cluster.ts';
import { gpuJob, gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const NAMESPACE = 'grouped';
const SCENARIO = 'grouped';
const nodes = [gpuNode(SCENARIO, 'grouped-a'), gpuNode(SCENARIO, 'grouped-b')];

let cluster: Cluster | undefined;
let world: GpuWorld | undefined;

beforeAll(async () => {
  cluster = await clusterWithPodGroups();
  if (cluster === undefined) return;
  world = await gpuWorld(cluster);
  await world.addNodes(...nodes);
  await world.send(
    ['apply', '--server-side'],
    gpuPool('grouped', { 'gpuoptimizer.io/scenario': SCENARIO }),
    gpuTenant('grouped', [NAMESPACE]),
    namespaceNamed(NAMESPACE),
    namespaceNamed('gpuopt-system'),
  );
  await world.operator.start();
});

afterAll(async () => {
  if (world === undefined) return await cluster?.release();
  await world.end({
    namespaces: [NAMESPACE],
    objects: ['gpupool/grouped', 'tenant/grouped', ...nodes.map(({ metadata }) => `node/${metadata.name}`)],
  });
});

beforeEach((context: TestContext) => {
  if (world === undefined) context.skip('feature gates can only be set on a cluster that is built here');
});

const the = (): GpuWorld => {
  if (world === undefined) throw new Error('there is no cluster');
  return world;
};

const groups = async (): Promise<readonly PodGroup[]> =>
  (await the().get<{ readonly items: readonly PodGroup[] }>('podgroups.scheduling.k8s.io', '-n', NAMESPACE)).items;

describe('where PodGroups are served', () => {
  it('pods of a gang name one when they are made, the operator makes it, and kube-scheduler binds them by it', async () => {
    await eventually('pods of gangs get a group', async () => {
      const probe = gpuPod(NAMESPACE, 'probe', gpuSpec(1), {
        annotations: { 'gpuoptimizer.io/gang': 'probe', 'gpuoptimizer.io/gang-size': '2' },
      });
      const made: Pod = JSON.parse(
        await the().cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], {
          input: JSON.stringify(probe),
        }),
      );
      return made.spec?.schedulingGroup?.podGroupName === 'gpuopt-gang-probe' ? true : undefined;
    });
    await the().send(['create'], gpuJob(NAMESPACE, 'train', 2, 8, SCENARIO));
    const pods = await eventually('both are bound', async () => {
      const found = await the().pods(NAMESPACE);
      return found.length === 2 && found.every(({ spec }) => spec?.nodeName !== undefined) ? found : undefined;
    });
    const names = new Set(pods.map(({ spec }) => spec?.schedulingGroup?.podGroupName));
    expect(names.size).toBe(1);
    expect([...names][0]).toMatch(/^gpuopt-job-/);
    const [group, ...others] = await groups();
    expect(others).toEqual([]);
    expect(group).toMatchObject({
      metadata: { name: [...names][0] },
      spec: { schedulingPolicy: { gang: { minCount: 2 } } },
    });
  });

  it('a pod that starts alone gets none, and a group goes with its pods', async () => {
    await the().send(['create'], gpuPod(NAMESPACE, 'single', gpuSpec(8)));
    expect((await the().get<Pod>('pod', 'single', '-n', NAMESPACE)).spec?.schedulingGroup).toBeUndefined();
    const { kubectl } = the().cluster;
    await kubectl(['delete', 'jobs,pods', '--all', '-n', NAMESPACE, '--grace-period=0', '--force', '--wait=false']);
    await eventually('the group is gone', async () => ((await groups()).length === 0 ? true : undefined));
  });
});
