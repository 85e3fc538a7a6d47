import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../../operator/kube/index.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const TENANT = 'window-acme';
const scenario = { 'gpuoptimizer.io/scenario': 'window' };
const node = gpuNode('window', 'window-a');

let world: GpuWorld;

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(node);
  const pool = gpuPool('window', scenario);
  await world.send(
    ['apply', '--server-side'],
    { ...pool, spec: { ...pool.spec, scheduling: { window: { pods: 3, maxWaitSeconds: 60 } } } },
    gpuTenant(TENANT, [TENANT]),
    namespaceNamed(TENANT),
  );
  await world.operator.start();
  await world.belongs(TENANT, TENANT);
});

afterAll(async () => {
  await world?.end({ namespaces: [TENANT], objects: ['gpupool/window', `tenant/${TENANT}`, 'node/window-a'] });
});

const asks = (name: string, gpus: number): Pod => gpuPod(TENANT, name, gpuSpec(gpus, { nodeSelector: scenario }));

const bound = async (): Promise<readonly string[]> =>
  (await world.pods(TENANT)).flatMap(({ metadata, spec }) =>
    spec?.nodeName === undefined ? [] : [metadata.name ?? ''],
  );

const planned = async (name: string): Promise<string | undefined> => {
  const { status } = await world.get<Pod>('pod', name, '-n', TENANT);
  return status?.conditions?.find(({ type }) => type === 'gpuoptimizer.io/Planned')?.reason;
};

describe('a pool with a window', () => {
  it('lets the first that comes wait for others and says so, then places those that use most', async () => {
    await world.send(['create'], asks('five', 5));
    await eventually('the pod is told what it waits for', async () =>
      (await planned('five')) === 'Window' ? true : undefined,
    );
    expect(await bound()).toEqual([]);
    await world.send(['create'], asks('four', 4), asks('again', 4));
    await eventually('two of them are bound', async () => ((await bound()).length === 2 ? true : undefined));
    expect([...(await bound())].sort()).toEqual(['again', 'four']);
    await eventually('the third is told that there is no room', async () =>
      (await planned('five')) === 'Capacity' ? true : undefined,
    );
  });
});
