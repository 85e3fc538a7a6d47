import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Event, Pod } from '../../operator/kube/index.ts';
import { tryCommand } from '../cluster/commands.ts';
import { foreignDefinition, gangPods, poolWith } from './gangs/objects.ts';
import { gpuJob, gpuNode, gpuPod, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const NAMESPACE = 'gangs';
const SCENARIO = 'gangs';
const nodes = [gpuNode(SCENARIO, 'gangs-a'), gpuNode(SCENARIO, 'gangs-b')];
const inScenario = { nodeSelector: { 'gpuoptimizer.io/scenario': SCENARIO } };
const jobSetDefinition = foreignDefinition('jobset.x-k8s.io', 'v1alpha2', 'JobSet', 'jobsets');

let world: GpuWorld;

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(...nodes);
  await world.send(
    ['apply', '--server-side'],
    poolWith('gangs', SCENARIO, { gang: { bindTimeoutSeconds: 5, onPartialBind: 'Evict' } }),
    gpuTenant('gangs', [NAMESPACE]),
    namespaceNamed(NAMESPACE),
  );
  await world.operator.start();
  await eventually('pods are gated', async () => {
    const probe = JSON.stringify(gpuPod(NAMESPACE, 'probe', gpuSpec(1)));
    const made: Pod = JSON.parse(
      await world.cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { input: probe }),
    );
    return (made.spec?.schedulingGates?.length ?? 0) > 0 ? true : undefined;
  });
});

afterAll(async () => {
  await world?.cluster.kubectl(['delete', 'crd', 'jobsets.jobset.x-k8s.io', '--ignore-not-found', '--wait=false']);
  await world?.end({
    namespaces: [NAMESPACE],
    objects: ['gpupool/gangs', 'tenant/gangs', ...nodes.map(({ metadata }) => `node/${metadata.name}`)],
  });
});

afterEach(clear);

const bound = async (prefix: string): Promise<readonly Pod[]> =>
  (await world.pods(NAMESPACE)).filter(
    ({ metadata, spec }) => metadata.name?.startsWith(prefix) === true && spec?.nodeName !== undefined,
  );

const whenBound = (prefix: string, count: number): Promise<readonly Pod[]> =>
  eventually(`${count} pods of ${prefix} are bound`, async () => {
    const pods = await bound(prefix);
    return pods.length === count ? pods : undefined;
  });

async function clear(): Promise<void> {
  const { kubectl } = world.cluster;
  await kubectl(['delete', 'jobs,pods', '--all', '-n', NAMESPACE, '--grace-period=0', '--force', '--wait=false']);
  await eventually('the namespace is empty', async () =>
    (await world.pods(NAMESPACE)).length === 0 ? true : undefined,
  );
}

async function sentenceOf(pod: string): Promise<string> {
  const { stdout } = await tryCommand([gpuopt, 'why', pod, '-n', NAMESPACE, '--kubeconfig', world.cluster.kubeconfig]);
  return stdout;
}

describe('gangs', () => {
  it('an elastic gang starts with what it needs, and the others follow where they fit', async () => {
    const annotations = { 'gpuoptimizer.io/gang-min': '2' };
    await world.send(
      ['create'],
      ...gangPods(NAMESPACE, 'elastic', ['0', '1', '2', '3'], { scenario: SCENARIO, gpus: 8, size: 4, annotations }),
    );
    await whenBound('elastic-', 2);
    const waits = await eventually('the others say why they wait', async () => {
      const pods = (await world.pods(NAMESPACE)).filter(({ spec }) => spec?.nodeName === undefined);
      const reasons = pods.map(
        ({ status }) => status?.conditions?.find(({ type }) => type.endsWith('/Planned'))?.reason,
      );
      return reasons.length === 2 && reasons.every((reason) => reason !== undefined && reason !== 'Data')
        ? reasons
        : undefined;
    });
    expect(new Set(waits)).toEqual(new Set(['Capacity']));
    await world.addNodes(gpuNode(SCENARIO, 'gangs-c'));
    await whenBound('elastic-', 3);
    await world.cluster.kubectl(['delete', 'node', 'gangs-c']);
  });

  it('what is missing from a gang that runs goes before pods that waited longer', async () => {
    const gang = { scenario: SCENARIO, gpus: 8, size: 2 };
    await world.send(['create'], ...gangPods(NAMESPACE, 'whole', ['0', '1'], gang));
    await whenBound('whole-', 2);
    await world.send(['create'], gpuPod(NAMESPACE, 'older', gpuSpec(8, inScenario)));
    await world.send(['create'], ...gangPods(NAMESPACE, 'whole', ['2'], gang));
    await world.cluster.kubectl(['delete', 'pod', 'whole-0', '-n', NAMESPACE, '--grace-period=0', '--force']);
    await eventually('its successor runs', async () => (await bound('whole-2'))[0]);
    expect(await bound('older')).toEqual([]);
  });

  it('a JobSet is counted from the moment its kind is served, and anew when it is scaled', async () => {
    const labels = { 'jobset.sigs.k8s.io/jobset-name': 'train', 'jobset.sigs.k8s.io/replicatedjob-name': 'worker' };
    const pods = ['0', '1', '2'].map((name) => gpuPod(NAMESPACE, `train-${name}`, gpuSpec(1, inScenario), { labels }));
    await world.send(['create'], ...pods);
    await eventually('the planner does not know JobSets yet', async () =>
      (await sentenceOf('train-0')).includes('must serve JobSets') ? true : undefined,
    );
    await world.send(['create'], jobSetDefinition);
    await world.cluster.kubectl([
      'wait',
      '--for=condition=Established',
      '--timeout=60s',
      'crd/jobsets.jobset.x-k8s.io',
    ]);
    const jobSet = (replicas: number): object => ({
      apiVersion: 'jobset.x-k8s.io/v1alpha2',
      kind: 'JobSet',
      metadata: { name: 'train', namespace: NAMESPACE },
      spec: { replicatedJobs: [{ name: 'worker', replicas, template: { spec: { parallelism: 1, completions: 1 } } }] },
    });
    await world.send(['apply', '--server-side'], jobSet(4));
    await eventually('it waits for its last pod', async () =>
      (await sentenceOf('train-0')).includes('3 of the 4 pods') ? true : undefined,
    );
    expect(await bound('train-')).toEqual([]);
    await world.send(['apply', '--server-side', '--force-conflicts'], jobSet(3));
    await whenBound('train-', 3);
  });

  it('a gang that kube-scheduler binds in part is reported and taken back whole', async () => {
    // The planner does not know of anti-affinity between pods: both fit on the only node that the selector leaves.
    const apart = {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { apart: 'yes' } } },
        ],
      },
    };
    const job = gpuJob(NAMESPACE, 'parted', 2, 1, SCENARIO);
    const spec = job.spec?.template.spec;
    const nodeSelector = { ...spec?.nodeSelector, 'kubernetes.io/hostname': 'gangs-a' };
    const template = { metadata: { labels: { apart: 'yes' } }, spec: { ...spec, nodeSelector, affinity: apart } };
    await world.send(['create'], { ...job, spec: { ...job.spec, template } });
    const first = await eventually('one of the two is bound', async () => (await bound('parted-'))[0]);
    await eventually('it is evicted with the other', async () => {
      const { items } = await world.get<{ readonly items: readonly Event[] }>('events.events.k8s.io', '-n', NAMESPACE);
      const reasons = new Set(items.map(({ reason }) => reason));
      return reasons.has('GPUGangIncomplete') && reasons.has('GPUGangEvicted') ? true : undefined;
    });
    await eventually('it is gone', async () =>
      (await world.pods(NAMESPACE)).every(({ metadata }) => metadata.uid !== first.metadata.uid) ? true : undefined,
    );
  });
});
