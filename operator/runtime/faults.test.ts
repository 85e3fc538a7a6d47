import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRegistry, systemClock } from '../observability/index.ts';
import { Watcher } from './cache/watcher.ts';
import { Transport } from './client/transport.ts';
import { controller } from './controller/builder.ts';
import { createManager } from './index.ts';
import { FakeServer, type Fault, makeNote, Note, silentLog, Toy, until } from './testing/index.ts';
import { MemoryApi } from './testing/memory-api.ts';
import type { KubeObject } from './types.ts';

const toys = 'toys.example.com';
const names = ['one', 'two', 'three'];
const patience = 60_000;
const stops: (() => Promise<unknown>)[] = [];
let fake: FakeServer;

beforeEach(async () => {
  fake = await FakeServer.start();
});

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  await fake.close();
});

/** A finalizer, a child, a status: three kinds of writes for each toy. */
const maker = controller(Toy)
  .owns(Note)
  .finalizer('example.com/toy', async () => undefined)
  .reconcile(makeNote);

function start(server: FakeServer): void {
  const end = new AbortController();
  const rooms = [{ name: 'toys', controllers: [maker], runnables: [] }];
  const manager = createManager({ cluster: server.cluster, rooms, log: silentLog, registry: createRegistry() });
  const ended = manager.run(end.signal);
  stops.push(() => {
    end.abort();
    return ended;
  });
}

const isWrite = ({ method }: { readonly method: string }): boolean => method !== 'GET';
const writes = (server: FakeServer): number => server.received.filter(isWrite).length;
const key = (name: string): { namespace: string; name: string } => ({ namespace: 'a', name });
const add = (api: MemoryApi, size: number): void => {
  for (const name of names) api.create(toys, { metadata: key(name), spec: { size } } as Toy);
};
const grow = (api: MemoryApi, size: number): void => {
  for (const name of names) api.patch(toys, key(name), { type: 'merge', body: { spec: { size } } });
};
const isDone = (api: MemoryApi, size: number): boolean =>
  names.every((name) => {
    if (!api.has('configmaps', key(name))) return false;
    const { data } = api.get('configmaps', key(name));
    const { metadata, status } = api.get(toys, key(name));
    const seen: unknown = Reflect.get(Object(status), 'observedGeneration');
    return Reflect.get(Object(data), 'size') === String(size) && seen === metadata.generation;
  });

async function silence(server: FakeServer): Promise<void> {
  let before = -1;
  await until(
    'silence',
    async () => {
      const now = writes(server);
      const quiet = now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 150));
      return quiet && writes(server) === now;
    },
    patience,
  );
}

describe('the end is the same, and then there is silence, when', () => {
  const watch = (collection: string) => (r: { verb: string; collection: string }) =>
    r.verb === 'watch' && r.collection === collection;
  const write = (collection: string) => (r: { method: string; collection: string }) =>
    isWrite(r) && r.collection === collection;
  const rows: readonly { name: string; faults: readonly Fault[]; writes?: number }[] = [
    { name: 'nothing goes wrong', faults: [], writes: 15 },
    {
      name: 'frames come late',
      faults: [toys, 'configmaps'].map((one) => ({ when: watch(one), times: 1, act: { kind: 'lag', millis: 40 } })),
    },
    {
      name: 'frames come twice',
      faults: [toys, 'configmaps'].map((one) => ({ when: watch(one), times: 1, act: { kind: 'duplicate' } })),
      writes: 15,
    },
    {
      name: 'a list breaks in the middle of a frame',
      faults: [{ when: watch(toys), times: 1, act: { kind: 'cut', frames: 1 } }],
    },
    {
      name: 'a watch breaks in the middle of a frame',
      faults: [{ when: watch('configmaps'), times: 1, act: { kind: 'cut', frames: 3 } }],
    },
    {
      name: 'the server has enough of us for a second',
      faults: [
        {
          when: write('configmaps'),
          times: 2,
          act: { kind: 'answer', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 },
        },
      ],
    },
    {
      name: 'answers to writes are lost',
      faults: [{ when: write('configmaps'), times: 3, act: { kind: 'lose-answer' } }],
    },
    { name: 'requests are lost', faults: [{ when: write(toys), times: 3, act: { kind: 'drop' } }] },
    { name: 'answers come late', faults: [{ when: write(toys), times: 5, act: { kind: 'late-answer', millis: 60 } }] },
    {
      name: 'the server fails',
      faults: [{ when: isWrite, times: 4, act: { kind: 'answer', status: 500, reason: 'InternalError' } }],
    },
  ];
  test.each(rows)('$name', async ({ faults, writes: exactly }) => {
    fake.faults.push(...faults);
    add(fake.api, 1);
    start(fake);
    await until('the first state', () => isDone(fake.api, 1), patience);
    grow(fake.api, 2);
    await until('the second state', () => isDone(fake.api, 2), patience);
    await silence(fake);
    expect(fake.faults.map(({ times }) => times)).toEqual(faults.map(() => 0));
    expect(fake.api.list('configmaps')).toHaveLength(names.length);
    if (exactly !== undefined) expect(writes(fake)).toBe(exactly);
  });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a process that is killed after write %i is followed by one that ends the work',
  async (most) => {
    const api = new MemoryApi();
    const [first, second] = [await FakeServer.start(api), await FakeServer.start(api)];
    stops.push(
      () => first.close(),
      () => second.close(),
    );
    let done = 0;
    const isTooLate = (r: { readonly method: string }): boolean => {
      if (isWrite(r)) done += 1;
      return isWrite(r) && done > most;
    };
    first.faults.push({ when: isTooLate, times: Number.POSITIVE_INFINITY, act: { kind: 'drop' } });
    add(api, 1);
    start(first);
    await until('the last write', () => done > most, patience);
    const { port } = first;
    await first.stop();
    start(second);
    await until('the end', () => isDone(api, 1), patience);
    await silence(second);
    // What was done is not done again: nine writes, and a status for each toy that was told of a failure.
    expect(writes(second)).toBeLessThanOrEqual(9 - most + 3);
    // The killed process is in this one: it ends faster when somebody answers.
    first.faults.length = 0;
    await first.listen(port);
  },
);

test('a connection of which half is gone is given up and opened again', async () => {
  const transport = new Transport(fake.cluster, systemClock, { requested: () => undefined });
  stops.push(() => transport.close());
  fake.faults.push({ when: ({ verb }) => verb === 'watch', times: 1, act: { kind: 'silence', frames: 2 } });
  add(fake.api, 1);
  fake.api.remove(toys, key('two'));
  fake.api.remove(toys, key('three'));
  const sizes: unknown[] = [];
  const end = new AbortController();
  const watcher = new Watcher({
    ...{ clock: systemClock, random: () => 0, silenceMillis: 200 },
    open: (query, signal) =>
      transport.stream({
        method: 'GET',
        path: '/apis/example.com/v1/toys',
        query,
        signal,
        lane: 'watches',
        timeoutMillis: 5_000,
      }),
    sink: {
      begin: () => undefined,
      upsert: (object: KubeObject) => sizes.push(Reflect.get(Object(Reflect.get(object, 'spec')), 'size')),
      remove: () => undefined,
      complete: () => fake.api.patch(toys, key('one'), { type: 'merge', body: { spec: { size: 2 } } }),
      alive: () => undefined,
      failed: () => undefined,
    },
  });
  const running = watcher.run(end.signal);
  await until('the change is seen', () => sizes.includes(2), patience);
  end.abort();
  await running;
  expect(sizes).toEqual([1, 2]);
  expect(fake.lists(toys)).toBe(1);
});
