import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryCommand } from '../cluster/commands.ts';
import { gangPods, poolWith } from './gangs/objects.ts';
import { gpuNode, gpuPod, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const NAMESPACE = 'topology';
const SCENARIO = 'topology';
const RACK = 'example.com/rack';
/** Two nodes in the small rack, three in the large one, eight GPUs each. */
const racks = { 'topo-a1': 'small', 'topo-a2': 'small', 'topo-b1': 'large', 'topo-b2': 'large', 'topo-b3': 'large' };
const nodes = Object.entries(racks).map(([name, rack]) =>
  gpuNode(SCENARIO, name, undefined, { 'topology.kubernetes.io/zone': 'one', [RACK]: rack }),
);
const inRack = { 'gpuoptimizer.io/topology-required': RACK };

let world: GpuWorld;

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(...nodes);
  const levels = ['topology.kubernetes.io/zone', RACK];
  await world.send(
    ['apply', '--server-side'],
    poolWith('topology', SCENARIO, { topology: { levels, default: 'Preferred' } }),
    gpuTenant('topology', [NAMESPACE]),
    namespaceNamed(NAMESPACE),
  );
  await world.operator.start();
  await eventually('the namespace is managed', async () => {
    const { metadata } = await world.get<{ readonly metadata: { readonly labels?: Readonly<Record<string, string>> } }>(
      'namespace',
      NAMESPACE,
    );
    return metadata.labels?.['gpuoptimizer.io/managed'] === 'true' ? true : undefined;
  });
});

afterAll(async () => {
  await world?.end({
    namespaces: [NAMESPACE],
    objects: ['gpupool/topology', 'tenant/topology', ...nodes.map(({ metadata }) => `node/${metadata.name}`)],
  });
});

/** Racks of the bound pods of a gang, once all are bound. */
async function racksOf(gang: string, pods: number): Promise<readonly string[]> {
  const bound = await eventually(`${pods} pods of ${gang} are bound`, async () => {
    const found = (await world.pods(NAMESPACE)).filter(
      ({ metadata, spec }) => metadata.name?.startsWith(`${gang}-`) === true && spec?.nodeName !== undefined,
    );
    return found.length === pods ? found : undefined;
  });
  return [...new Set(bound.map(({ spec }) => Reflect.get(racks, spec?.nodeName ?? '')))].sort();
}

async function clear(): Promise<void> {
  const { kubectl } = world.cluster;
  await kubectl(['delete', 'pods', '--all', '-n', NAMESPACE, '--grace-period=0', '--force', '--wait=false']);
  await eventually('the namespace is empty', async () =>
    (await world.pods(NAMESPACE)).length === 0 ? true : undefined,
  );
}

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => String(at));

describe('topology', () => {
  it('keeps a gang in the rack that it fills best, and the large rack whole', async () => {
    const gang = { scenario: SCENARIO, gpus: 8, size: 2, annotations: inRack };
    await world.send(['create'], ...gangPods(NAMESPACE, 'two', names(2), gang));
    expect(await racksOf('two', 2)).toEqual(['small']);
    await world.send(['create'], ...gangPods(NAMESPACE, 'three', names(3), { ...gang, size: 3 }));
    expect(await racksOf('three', 3)).toEqual(['large']);
    await clear();
  });

  it('reads the annotations of Kueue, and by default only prefers', async () => {
    const annotations = { 'kueue.x-k8s.io/podset-required-topology': RACK };
    await world.send(
      ['create'],
      ...gangPods(NAMESPACE, 'kueue', names(3), { scenario: SCENARIO, gpus: 8, size: 3, annotations }),
    );
    expect(await racksOf('kueue', 3)).toEqual(['large']);
    await clear();
    await world.send(['create'], ...gangPods(NAMESPACE, 'wide', names(4), { scenario: SCENARIO, gpus: 8, size: 4 }));
    expect(await racksOf('wide', 4)).toEqual(['large', 'small']);
    await clear();
  });

  it('waits for a rack with the numbers, and says what would help', async () => {
    const gang = { scenario: SCENARIO, gpus: 8, size: 4, annotations: inRack };
    await world.send(['create'], ...gangPods(NAMESPACE, 'four', names(4), gang));
    const why = ['why', 'four-0', '-n', NAMESPACE, '--kubeconfig', world.cluster.kubeconfig];
    const text = await eventually('it waits for Topology', async () => {
      const { stdout } = await tryCommand([gpuopt, ...why]);
      return stdout.includes('Waiting for Topology') ? stdout : undefined;
    });
    expect(text).toContain('the largest free run in a rack is 3 of 4 (one/large)');
    expect(text).toContain('one zone required in place of one rack');
    expect((await world.pods(NAMESPACE)).every(({ spec }) => spec?.nodeName === undefined)).toBe(true);
    await clear();
  });

  it('lets a gang grow in its rack alone', async () => {
    const annotations = { ...inRack, 'gpuoptimizer.io/gang-min': '1' };
    const gang = { scenario: SCENARIO, gpus: 8, size: 3, annotations };
    const filler = gpuPod(NAMESPACE, 'filler-0', gpuSpec(8, { nodeSelector: { 'kubernetes.io/hostname': 'topo-a1' } }));
    await world.send(['create'], filler);
    await racksOf('filler', 1);
    await world.send(['create'], ...gangPods(NAMESPACE, 'grow', ['0'], gang));
    expect(await racksOf('grow', 1)).toEqual(['small']);
    await world.send(['create'], ...gangPods(NAMESPACE, 'grow', ['1'], gang));
    await eventually('it waits although the other rack is free', async () => {
      const pods = (await world.pods(NAMESPACE)).filter(({ metadata }) => metadata.name === 'grow-1');
      const planned = pods[0]?.status?.conditions?.find(({ type }) => type === 'gpuoptimizer.io/Planned');
      return planned?.reason === 'Topology' ? true : undefined;
    });
    await world.cluster.kubectl(['delete', 'pod', 'filler-0', '-n', NAMESPACE, '--grace-period=0', '--force']);
    expect(await racksOf('grow', 2)).toEqual(['small']);
    await clear();
  });
});
