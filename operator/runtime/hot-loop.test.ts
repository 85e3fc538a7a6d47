import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRegistry } from '../observability/index.ts';
import { controller, singleton } from './controller/builder.ts';
import { type Controller, createManager } from './index.ts';
import { FakeServer, silentLog, until } from './testing/index.ts';
import { Note, Toy, toyMaker } from './testing/toys.ts';

let fake: FakeServer;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  fake = await FakeServer.start();
});

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await fake.close();
});

function start(controllers: readonly Controller[]): () => Promise<string> {
  const registry = createRegistry();
  const end = new AbortController();
  const rooms = [{ name: 'toys', controllers, runnables: [] }];
  const ended = createManager({ cluster: fake.cluster, rooms, log: silentLog, registry }).run(end.signal);
  stops.push(async () => {
    end.abort();
    await ended;
  });
  return () => registry.metrics();
}

const toys = 'toys.example.com';
const key = { namespace: 'a', name: 't' };
const addToy = (): void => {
  const toy: Toy = { metadata: key, spec: { size: 1 } };
  fake.api.create(toys, toy);
};
const conditionTypes = (): readonly string[] => {
  const { conditions = [] }: NonNullable<Toy['status']> = Object(fake.api.get(toys, key).status);
  return conditions.map(({ type, status }) => `${type}=${status}`);
};
const writes = (): number =>
  fake.received.filter(({ method, collection }) => method !== 'GET' && collection === 'configmaps').length;

/** A second controller that wants another size in the same note. */
const rival = controller(Toy, 'rival')
  .withoutStatus()
  .owns(Note)
  .reconcile(async (_toy, ctx) => {
    await ctx.apply(Note, { metadata: key, data: { size: 'other' } });
    return undefined;
  });

describe('controllers that write in circles', () => {
  test('two that fight over a field are slowed and said so; a change of the object lifts it', async () => {
    addToy();
    const metrics = start([toyMaker, rival]);
    await until('the condition', () => conditionTypes().includes('HotLoop=True'), 20_000);
    expect(conditionTypes()).toContain('Ready=True');
    await until('both are slowed', async () => {
      const text = await metrics();
      return ['toy', 'rival'].every((name) => text.includes(`controller_hot_loop_trips_total{controller="${name}"} 1`));
    });
    const before = writes();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(writes()).toBe(before);
    fake.api.patch(toys, key, { type: 'merge', body: { spec: { size: 2 } } });
    await until('the changed size is applied at once', () => writes() > before);
  });

  test('one that never settles is slowed too', async () => {
    addToy();
    let count = 0;
    const restless = controller(Toy)
      .owns(Note)
      .reconcile(async (_toy, ctx) => {
        count += 1;
        await ctx.apply(Note, { metadata: key, data: { size: `pass ${count}` } });
        const message = 'done';
        return { status: { conditions: [{ type: 'Ready', status: 'True', reason: 'Done', message }] } };
      });
    const metrics = start([restless]);
    await until(
      'it is slowed',
      async () => (await metrics()).includes('controller_hot_loops{controller="toy"} 1'),
      20_000,
    );
    const before = count;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(count).toBe(before);
  });

  test('a singleton is told of, but goes on: it works for others too', async () => {
    let count = 0;
    const restless = singleton('restless')
      .watches(Note)
      .may({ group: '', resource: 'configmaps', verbs: ['patch'], in: 'cluster', why: 'a test' })
      .reconcile(async (ctx) => {
        count += 1;
        await ctx.apply(Note, { metadata: key, data: { size: `pass ${count}` } });
        return undefined;
      });
    const metrics = start([restless]);
    await until('it is counted', async () =>
      (await metrics()).includes('controller_hot_loop_trips_total{controller="restless"} 1'),
    );
    const before = count;
    await until('it goes on', () => count > before + 5);
  });
});
