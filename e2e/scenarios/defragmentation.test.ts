import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GPUPool } from '../../operator/api/index.ts';
import type { Event, Pod } from '../../operator/kube/index.ts';
import { tryCommand } from '../cluster/commands.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const TEAM = 'defrag-team';
const POOL = 'defrag';
const HOLD = 'example.com/hold';
const nodes = ['defrag-a', 'defrag-b'] as const;
const nodeSelector = { 'gpuoptimizer.io/scenario': 'defrag' };

let world: GpuWorld;

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(...nodes.map((name) => gpuNode('defrag', name)));
  await send(namespaceNamed(TEAM), gpuTenant(TEAM, [TEAM]));
  await world.operator.start();
  await eventually('the gate is in force', async () => {
    const answer = await world.cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], {
      input: JSON.stringify(gpuPod(TEAM, 'probe', gpuSpec(1))),
    });
    return (JSON.parse(answer) as Pod).spec?.schedulingGates?.length === 1 ? true : undefined;
  });
});

afterAll(async () => {
  await world?.cluster.tryKubectl(['delete', 'deployments', '--all', '-n', TEAM]);
  await letGo();
  await world?.end({
    namespaces: [TEAM],
    objects: [`gpupool/${POOL}`, `tenant/${TEAM}`, ...nodes.map((name) => `node/${name}`)],
  });
});

beforeEach(async () => {
  const { kubectl } = world.cluster;
  await kubectl(['delete', 'deployments,pdb', '--all', '-n', TEAM]);
  await letGo();
  await kubectl(['delete', 'pods', '--all', '-n', TEAM, '--grace-period=0', '--force', '--wait=false']);
  await eventually(`${TEAM} is empty`, async () => ((await world.pods(TEAM)).length === 0 ? true : undefined));
  await kubectl(['delete', 'gpupool', POOL, '--ignore-not-found']);
});

async function send(...objects: readonly object[]): Promise<void> {
  await world.send(['apply', '--server-side', '--force-conflicts'], ...objects);
}

/** The pool; what waits is looked at at once, and any price is paid. */
function pool(mode: 'DryRun' | 'Apply'): GPUPool {
  const plain = gpuPool(POOL, nodeSelector);
  const defragmentation = { mode, afterSeconds: 0, minRunSeconds: 0, minGpusPerPodHour: 0 };
  return { ...plain, spec: { ...plain.spec, defragmentation } };
}

/** A Deployment of one pod with half of a node's GPUs. */
function half(name: string, finalizers: readonly string[] = []): object {
  const labels = { app: name };
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: TEAM } },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels, finalizers }, spec: gpuSpec(4, { nodeSelector }) },
    },
  };
}

/** Half of each node is used by a pod that could be on the other: whoever needs a whole one waits. */
async function fragmented(finalizers: readonly string[] = []): Promise<void> {
  const { kubectl } = world.cluster;
  for (const [at, name] of ['left', 'right'].entries()) {
    await kubectl(['cordon', nodes[1 - at] ?? '']);
    await send(half(name, finalizers));
    await running(name, nodes[at] ?? '');
    await kubectl(['uncordon', nodes[1 - at] ?? '']);
  }
  await world.send(['create'], gpuPod(TEAM, 'big', gpuSpec(8, { nodeSelector })));
}

/** The pod of a Deployment that is not on its way out, once it runs, on this node where one is named. */
async function running(app: string, node?: string): Promise<Pod> {
  return eventually(`${app} runs${node === undefined ? '' : ` on ${node}`}`, async () =>
    (await world.pods(TEAM)).find(
      ({ metadata, spec, status }) =>
        (metadata.labels?.app === app || metadata.name === app) &&
        metadata.deletionTimestamp === undefined &&
        status?.phase === 'Running' &&
        (node === undefined || spec?.nodeName === node),
    ),
  );
}

type Said = NonNullable<NonNullable<GPUPool['status']>['defragmentation']>;

async function said(state: Said['state'], also: (found: Said) => boolean = () => true): Promise<Said> {
  return eventually(`the pool says ${state}`, async () => {
    const found = (await world.get<GPUPool>('gpupool', POOL)).status?.defragmentation;
    return found?.state === state && also(found) ? found : undefined;
  });
}

/** Takes the finalizer that tests put on pods off all of them. */
async function letGo(): Promise<void> {
  for (const { metadata } of (await world?.pods(TEAM)) ?? []) {
    const at = metadata.finalizers?.indexOf(HOLD) ?? -1;
    if (at < 0) continue;
    const patch = JSON.stringify([{ op: 'remove', path: `/metadata/finalizers/${at}` }]);
    await world.cluster.tryKubectl(['patch', 'pod', metadata.name ?? '', '-n', TEAM, '--type=json', '-p', patch]);
  }
}

async function event(reason: string): Promise<Event> {
  return eventually(`there is an event ${reason}`, async () => {
    const { items } = await world.get<{ readonly items: readonly Event[] }>('events.events.k8s.io', '-n', TEAM);
    return items.find((one) => one.reason === reason);
  });
}

describe('defragmentation', () => {
  it('only says whom it would move in a dry run, as the command does', async () => {
    await send(pool('DryRun'));
    await fragmented();
    const before = [await running('left'), await running('right')].map(({ metadata }) => metadata.uid);
    const found = await said('Proposed');
    expect(found).toMatchObject({ usableMilli: 8000, moves: [] });
    expect(found.proposed).toMatchObject([{ waiting: `pod/${TEAM}/big` }]);
    const command = [gpuopt, 'pools', 'defrag', POOL, '--kubeconfig', world.cluster.kubeconfig] as const;
    const json = await tryCommand([...command, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ pool: POOL, mode: 'DryRun', usableMilli: 8000, state: 'Proposed' });
    expect(JSON.parse(json.stdout).proposed[0].pod).toBe(found.proposed[0]?.pod);
    const text = await tryCommand(command);
    expect(text.stdout).toContain('would let');
    const after = [await running('left'), await running('right')].map(({ metadata }) => metadata.uid);
    expect(after).toEqual(before);
    expect((await world.get<Pod>('pod', 'big', '-n', TEAM)).spec?.nodeName).toBeUndefined();
  });

  it('moves the one that a PodDisruptionBudget lets go, and who waited runs', async () => {
    await send(
      ...['left', 'right'].map((app) => ({
        ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: app, namespace: TEAM } },
        spec: { minAvailable: 1, selector: { matchLabels: { app } } },
      })),
      pool('Apply'),
    );
    await fragmented();
    const kept = await running('right');
    await said('NothingToMove');
    expect((await world.get<Pod>('pod', 'big', '-n', TEAM)).spec?.nodeName).toBeUndefined();
    await world.cluster.kubectl(['delete', 'pdb', 'left', '-n', TEAM]);
    const big = await running('big', nodes[0]);
    expect(big.status?.phase).toBe('Running');
    await running('left', nodes[1]);
    expect((await running('right')).metadata.uid).toBe(kept.metadata.uid);
    expect((await event('GPUPodMoved')).note).toContain(`room for its successor is held on ${nodes[1]}`);
    await event('GPURoomMade');
    expect((await said('NothingToMove', ({ moves }) => moves.length === 1)).moves[0]?.to).toBe(nodes[1]);
  });

  it('goes on after the operator is killed in the middle of a move', async () => {
    await send(pool('Apply'));
    await fragmented([HOLD]);
    const leaving = await eventually('a pod is on its way out', async () =>
      (await world.pods(TEAM)).find(({ metadata }) => metadata.deletionTimestamp !== undefined),
    );
    await world.operator.kill();
    const app = leaving.metadata.labels?.app ?? '';
    const to = nodes.find((name) => name !== leaving.spec?.nodeName);
    // Whoever comes meanwhile and would fit takes nobody's room.
    await world.send(['create'], gpuPod(TEAM, 'thief', gpuSpec(4, { nodeSelector })));
    await letGo();
    await world.operator.start();
    await running('big', leaving.spec?.nodeName);
    await running(app, to);
    expect((await world.get<Pod>('pod', 'thief', '-n', TEAM)).spec?.nodeName).toBeUndefined();
  });
});
