import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRegistry } from '../observability/index.ts';
import { controller } from './controller/builder.ts';
import { type Controller, createManager, LeaseLost, type Manager, type Runnable, singleton } from './index.ts';
import { FakeServer, silentLog, until } from './testing/index.ts';
import { Note, Toy, toyMaker } from './testing/toys.ts';

interface Running {
  readonly manager: Manager;
  readonly stop: () => Promise<void>;
  readonly ended: Promise<unknown>;
  readonly metrics: () => Promise<string>;
}

let fake: FakeServer;
const running: Running[] = [];

beforeEach(async () => {
  fake = await FakeServer.start();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
  await fake.close();
});

interface StartOptions {
  readonly controllers?: readonly Controller[];
  readonly runnables?: readonly Runnable[];
  readonly identity?: string;
}

function start({ controllers = [toyMaker], runnables = [], identity }: StartOptions = {}): Running {
  const registry = createRegistry();
  const end = new AbortController();
  const manager = createManager({
    cluster: fake.cluster,
    rooms: [{ name: 'toys', controllers, runnables }],
    log: silentLog,
    registry,
    http: { port: 0, host: '127.0.0.1' },
    leaderElection: identity === undefined ? undefined : { namespace: 'default', name: 'toys', identity },
  });
  const ended = manager.run(end.signal).then(
    () => 'stopped',
    (error: unknown) => error,
  );
  const stop = async (): Promise<void> => {
    end.abort();
    await ended;
  };
  const made = { manager, ended, stop, metrics: () => registry.metrics() };
  running.push(made);
  return made;
}

const toys = 'toys.example.com';
const addToy = (name: string, size = 1): void => {
  const toy: Toy = { metadata: { namespace: 'a', name }, spec: { size } };
  fake.api.create(toys, toy);
};
const noteOf = (name: string): unknown => {
  const note = fake.api.list('configmaps').find(({ metadata }) => metadata.name === name);
  return note === undefined ? undefined : Reflect.get(Object(note.data), 'size');
};
const resize = (name: string, size: number): unknown =>
  fake.api.patch(toys, { namespace: 'a', name }, { type: 'merge', body: { spec: { size } } });

describe('a manager', () => {
  test('makes no child again that went with its owner, though the news of the owner is late', async () => {
    addToy('one');
    const silence = { kind: 'silence', frames: 2 } as const;
    fake.faults.push({
      when: ({ verb, collection }) => verb === 'watch' && collection === toys,
      times: 1,
      act: silence,
    });
    start();
    await until('the note', () => noteOf('one') === '1');
    const key = { namespace: 'a', name: 'one' };
    fake.api.remove(toys, key);
    fake.api.remove('configmaps', key);
    await until('the question', () =>
      fake.received.some(({ verb, collection }) => verb === 'get' && collection === toys),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(noteOf('one')).toBeUndefined();
  });

  test('makes a child again that somebody else deleted', async () => {
    addToy('one');
    start();
    await until('the note', () => noteOf('one') === '1');
    fake.api.remove('configmaps', { namespace: 'a', name: 'one' });
    await until('the note again', () => noteOf('one') === '1');
  });

  test('reconciles what is there, what comes and what changes, and writes nothing when nothing changes', async () => {
    addToy('one', 1);
    const { metrics } = start();
    await until('the first note', () => noteOf('one') === '1');
    addToy('two', 2);
    await until('the second note', () => noteOf('two') === '2');
    resize('one', 7);
    await until('the changed note', () => noteOf('one') === '7');
    await until(
      'status',
      () => Reflect.get(Object(fake.api.get(toys, { namespace: 'a', name: 'one' }).status), 'size') === 7,
    );
    fake.api.patch('configmaps', { namespace: 'a', name: 'two' }, { type: 'merge', body: { data: { size: 'x' } } });
    await until('the repaired note', () => noteOf('two') === '2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const writes = fake.received.filter(({ method }) => method !== 'GET').length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(fake.received.filter(({ method }) => method !== 'GET').length).toBe(writes);
    const text = await metrics();
    expect(text).toContain('controller_runtime_reconcile_total{controller="toy",result="success"}');
    expect(text).toContain('controller_runtime_reconcile_total{controller="toy",result="error"} 0');
    expect(text).toMatch(/informer_objects\{kind="toys.example.com"\} 2/);
    expect(text).toMatch(/workqueue_depth\{name="toy",controller="toy",priority="0"\} 0/);
  });

  test('restarted, it writes no status again', async () => {
    addToy('one', 1);
    const first = start();
    await until('the note', () => noteOf('one') === '1');
    await until('status', () => fake.api.get(toys, { namespace: 'a', name: 'one' }).status !== undefined);
    await first.stop();
    const version = fake.api.version;
    start();
    await until('the second life reads', () => fake.lists(toys) === 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(fake.api.version).toBe(version);
  });

  test('survives a restart of the server without a new list and without a lost change', async () => {
    addToy('one', 1);
    start();
    await until('the note', () => noteOf('one') === '1');
    const { port } = fake;
    await fake.stop();
    const watches = fake.count('watch', toys);
    resize('one', 5);
    await fake.listen(port);
    await until('the change is seen', () => noteOf('one') === '5');
    await until('the watch is back', () => fake.count('watch', toys) > watches);
    expect(fake.lists(toys)).toBe(1);
  });

  test.each([
    { name: 'streams', watchList: true },
    { name: 'pages', watchList: false },
  ])('after a compaction it lists once, by $name, and sees what was deleted meanwhile', async ({ watchList }) => {
    fake.watchList = watchList;
    addToy('one', 1);
    addToy('two', 2);
    const { metrics } = start();
    await until('both notes', () => noteOf('one') === '1' && noteOf('two') === '2');
    const before = fake.lists(toys);
    const { port } = fake;
    await fake.stop();
    fake.api.remove(toys, { namespace: 'a', name: 'two' });
    resize('one', 9);
    fake.api.compact();
    await fake.listen(port);
    await until('the change is seen', () => noteOf('one') === '9');
    await until('the deletion is seen', async () =>
      (await metrics()).includes('informer_objects{kind="toys.example.com"} 1'),
    );
    expect(fake.lists(toys)).toBe(before + 1);
  });

  test('a frame cut in the middle is not taken and nothing after it is lost', async () => {
    addToy('one', 1);
    start();
    await until('the note', () => noteOf('one') === '1');
    fake.holdEvents(true);
    resize('one', 3);
    fake.cutWatchesInside(toys, fake.api.get(toys, { namespace: 'a', name: 'one' }));
    fake.holdEvents(false);
    await until('the change is seen', () => noteOf('one') === '3');
    expect(fake.lists(toys)).toBe(1);
  });

  test('a refused write is waited for and sent again', async () => {
    const when = (r: { method: string }): boolean => r.method === 'PATCH';
    fake.faults.push({
      when,
      times: 2,
      act: { kind: 'answer', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 0 },
    });
    fake.faults.push({ when, times: 1, act: { kind: 'drop' } });
    fake.faults.push({ when, times: 1, act: { kind: 'lose-answer' } });
    addToy('one', 4);
    start();
    await until('the note', () => noteOf('one') === '4');
    await until('ready', () => fake.api.get(toys, { namespace: 'a', name: 'one' }).status !== undefined);
  });

  test('a controller whose kind is not served waits alone, and readiness names it', async () => {
    const other = controller({ ...Toy, kind: 'Gadget', plural: 'gadgets' }).reconcile(async () => undefined);
    fake.unserved.add('gadgets.example.com');
    addToy('one', 1);
    const { manager } = start({ controllers: [other, toyMaker] });
    await until('the port', () => manager.port() !== undefined);
    const ready = async (): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`http://127.0.0.1:${manager.port()}/readyz`);
      return { status: answer.status, text: await answer.text() };
    };
    await until('readiness names it', async () =>
      (await ready()).text.includes('[-]informer-gadgets.example.com failed'),
    );
    expect((await ready()).status).toBe(503);
    fake.unserved.clear();
    await until('all ready', async () => (await ready()).status === 200, 20_000);
    await until('the note', () => noteOf('one') === '1', 20_000);
  }, 60_000);

  test('a forbidden write is named in the condition and counted, and the others go on', async () => {
    fake.faults.push({
      when: (r) => r.verb === 'patch' && r.collection === 'configmaps',
      times: 1000,
      act: { kind: 'answer', status: 403, reason: 'Forbidden' },
    });
    let passes = 0;
    const other = singleton('counter')
      .reads(Note)
      .reconcile(async () => {
        passes += 1;
        return { after: 20 };
      });
    addToy('one', 1);
    const { metrics } = start({ controllers: [toyMaker, other] });
    const conditions = (): string => JSON.stringify(fake.api.get(toys, { namespace: 'a', name: 'one' }).status ?? {});
    await until('the condition', () => conditions().includes('"reason":"Forbidden"'));
    expect(conditions()).toContain('PATCH /api/v1/namespaces/a/configmaps/one');
    const counted = /controller_forbidden_total\{controller="toy",request="PATCH configmaps"\} [1-9]/;
    await until('the metric', async () => counted.test(await metrics()));
    await until('the other goes on', () => passes > 2);
  });

  test('a pass that takes too long is ended and its context refuses', async () => {
    const late: unknown[] = [];
    const slow = controller(Toy)
      .owns(Note)
      .timeout('50ms')
      .reconcile(async (toy, ctx) => {
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve, { once: true }));
        await ctx
          .apply(Note, { metadata: { namespace: 'a', name: 'late' } })
          .catch((error: unknown) => late.push(error));
        throw new Error(`gave up on ${toy.metadata.name}`);
      });
    addToy('one', 1);
    const { metrics } = start({ controllers: [slow] });
    await until('two tries', () => late.length > 1);
    expect(fake.api.list('configmaps')).toEqual([]);
    const counted = /controller_runtime_reconcile_timeouts_total\{controller="toy"\} [1-9]/;
    await until('the metric', async () => counted.test(await metrics()));
  });
});

describe('leader election', () => {
  test('one of two leads; at its stop the other takes over within two seconds', async () => {
    const ran: string[] = [];
    const work = (name: string): Runnable => ({
      name,
      where: 'leader',
      run: async (signal) => {
        ran.push(name);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    });
    const first = start({ identity: 'first', runnables: [work('first')] });
    await until('the first leads', () => first.manager.leads());
    const second = start({ identity: 'second', runnables: [work('second')] });
    await until('the second is ready', () => fake.lists('leases.coordination.k8s.io') >= 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(second.manager.leads()).toBe(false);
    const stopped = performance.now();
    await first.stop();
    await until('the second leads', () => second.manager.leads(), 2_000);
    expect(performance.now() - stopped).toBeLessThan(2_000);
    addToy('one', 1);
    await until('the note', () => noteOf('one') === '1');
    expect(ran).toEqual(['first', 'second']);
  });

  test('a standby whose background work fails stops instead of standing by in vain', async () => {
    const first = start({ identity: 'first' });
    await until('the first leads', () => first.manager.leads());
    const broken: Runnable = {
      name: 'broken',
      where: 'everywhere',
      run: async () => {
        await until('it stands by', () => fake.lists('leases.coordination.k8s.io') >= 2);
        throw new Error('the work cannot go on');
      },
    };
    const second = start({ identity: 'second', runnables: [broken] });
    expect(await second.ended).toMatchObject({ message: 'the work cannot go on' });
    expect(first.manager.leads()).toBe(true);
  });

  test('a renewal under way at the stop does not keep the lease from being emptied', async () => {
    const first = start({ identity: 'first' });
    await until('the first leads', () => first.manager.leads());
    const renewals = (): number => fake.count('update', 'leases.coordination.k8s.io');
    const before = renewals();
    fake.faults.push({
      when: (r) => r.verb === 'update' && r.collection === 'leases.coordination.k8s.io',
      times: 1,
      act: { kind: 'late-answer', millis: 500 },
    });
    await until('a renewal is under way', () => renewals() > before);
    await first.stop();
    const lease = fake.api.get('leases.coordination.k8s.io', { namespace: 'default', name: 'toys' });
    expect(lease.spec).toMatchObject({ holderIdentity: '' });
  });

  test('a write that was not answered before the stop keeps the lease from being emptied', async () => {
    const first = start({ identity: 'first' });
    await until('the first leads', () => first.manager.leads());
    fake.faults.push({ when: (r) => r.collection === 'configmaps', times: 99, act: { kind: 'stall' } });
    addToy('one', 1);
    await until('the write is under way', () => fake.count('patch', 'configmaps') > 0);
    await first.stop();
    const lease = fake.api.get('leases.coordination.k8s.io', { namespace: 'default', name: 'toys' });
    expect(lease.spec).toMatchObject({ holderIdentity: 'first' });
  });

  test('a leader whose lease is taken stops at once with LeaseLost', async () => {
    const first = start({ identity: 'first' });
    await until('it leads', () => first.manager.leads());
    fake.api.patch(
      'leases.coordination.k8s.io',
      { namespace: 'default', name: 'toys' },
      {
        type: 'merge',
        body: { spec: { holderIdentity: 'thief' } },
      },
    );
    expect(await first.ended).toBeInstanceOf(LeaseLost);
  });
});
