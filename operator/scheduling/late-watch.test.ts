import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pod } from '../kube/index.ts';
import { createRegistry, systemClock } from '../observability/index.ts';
import { createManager } from '../runtime/index.ts';
import { FakeServer, silentLog, type Thing, until } from '../runtime/testing/index.ts';
import { newPlanner } from './controller.fixture.ts';
import { isGated, pinnedNode } from './pod-state.ts';
import { node, pod, pool } from './world.fixture.ts';

const releases = 'gpuopt_pods_released_total';

let server: FakeServer;
let stop: () => Promise<void>;
const registry = { current: createRegistry() };

beforeEach(async () => {
  server = await FakeServer.start();
  for (const one of [node('n1', { gpus: 1 }), node('n2', { gpus: 1 }), pool()]) seed(one);
  registry.current = createRegistry();
  const planner = newPlanner(systemClock, registry.current);
  const end = new AbortController();
  const ended = createManager({
    cluster: server.cluster,
    rooms: [{ name: 'scheduling', controllers: [planner], runnables: [] }],
    log: silentLog,
    registry: registry.current,
  }).run(end.signal);
  stop = async () => {
    end.abort();
    await ended;
  };
  const watched = ['nodes', 'pods', 'jobs.batch', 'gpupools.gpuoptimizer.io', 'tenants.gpuoptimizer.io'];
  await until('watches of all kinds', () => watched.every((kind) => server.count('watch', kind) > 0));
  await until('the first plan', async () => /gpuopt_plan_seconds_count [1-9]/.test(await registry.current.metrics()));
  server.holdEvents(true);
});

afterEach(async () => {
  await stop();
  await server.close();
});

function seed({ kind, object }: Thing): void {
  server.api.seed(kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`, object);
}

/** Lets the watch tell of this pod, and of nothing else. */
function tellOf(name: string): void {
  const object = server.api.get('pods', { namespace: 'acme', name });
  server.sendLine('pods', JSON.stringify({ type: 'ADDED', object }));
}

/** The node that a pod is pinned to; `gated` while our gate is on it. */
function placeOf(name: string): string | undefined {
  const object: unknown = server.api.get('pods', { namespace: 'acme', name });
  const stored = object as Pod;
  return isGated(stored) ? 'gated' : pinnedNode(stored);
}

const patches = (name: string): number =>
  server.received.filter(({ verb, path }) => verb === 'patch' && path.endsWith(`/pods/${name}`)).length;
const isRelease = (name: string) => (request: { readonly verb: string; readonly path: string }) =>
  request.verb === 'patch' && request.path.endsWith(`/pods/${name}`);

describe('a release whose answer is lost while the watch is late', () => {
  const rows = [
    { name: 'and that is answered when it is sent again' },
    { name: 'and that is refused when it is sent again', second: { kind: 'answer', status: 422, reason: 'Invalid' } },
    { name: 'and of which no answer ever comes', second: { kind: 'lose-answer' } },
  ] as const;

  it.each(rows)('$name', async (row) => {
    // The higher priority comes later: a plan that forgets the release would give it the first node.
    for (const one of [pod('p'), pod('q', { priority: 1000 }), pod('r', { priority: 10 })]) seed(one);
    server.faults.push({ when: isRelease('p'), times: 1, act: { kind: 'lose-answer' } });
    if ('second' in row) server.faults.push({ when: isRelease('p'), times: 1, act: row.second });
    tellOf('p');
    await until('the release is applied', () => placeOf('p') !== 'gated');
    expect(placeOf('p')).toBe('n1');
    tellOf('q');
    tellOf('r');
    await until('the second release', () => placeOf('q') !== 'gated');
    await until('the first is settled', () => patches('p') >= 2);

    server.holdEvents(false);
    server.endWatches();
    await until('it is counted', async () => (await registry.current.metrics()).includes(`${releases} 2`));
    expect({ p: placeOf('p'), q: placeOf('q'), r: placeOf('r') }).toEqual({ p: 'n1', q: 'n2', r: 'gated' });
  });

  it('holds its room when the answer came and the watch is late', async () => {
    for (const one of [pod('p'), pod('q', { priority: 1000 }), pod('r', { priority: 10 })]) seed(one);
    tellOf('p');
    await until('the release', () => placeOf('p') !== 'gated');
    // What the watch told is older than the answer, which stays laid over it.
    server.sendLine(
      'pods',
      JSON.stringify({
        type: 'MODIFIED',
        object: { ...pod('p').object, metadata: { ...pod('p').object.metadata, resourceVersion: '1' } },
      }),
    );
    tellOf('q');
    tellOf('r');
    await until('the second release', () => placeOf('q') !== 'gated');
    await until('both are counted', async () => (await registry.current.metrics()).includes(`${releases} 2`));
    expect({ p: placeOf('p'), q: placeOf('q'), r: placeOf('r') }).toEqual({ p: 'n1', q: 'n2', r: 'gated' });
    expect(patches('p')).toBe(1);
  });
});
