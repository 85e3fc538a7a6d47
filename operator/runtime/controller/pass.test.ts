import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../observability/index.ts';
import { Conflict, Forbidden } from '../client/errors.ts';
import { type Act, runPass, silentLog, thing } from '../testing/index.ts';
import type { MemoryApi } from '../testing/memory-api.ts';
import { type Controller, type Kind, type KubeObject, type Reader, Terminal, Waiting } from '../types.ts';
import { AppliedMemory, holds } from './applied.ts';
import { controller, singleton } from './builder.ts';
import { PassContext } from './context.ts';
import { PassTimeout, pass } from './pass.ts';
import { Declarations } from './permissions.ts';

interface Toy extends KubeObject {
  readonly spec: { readonly size: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly size?: number;
    readonly conditions?: readonly Condition[];
  };
}
interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}
interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
const Toy: Kind<Toy> = { group: 'example.com', version: 'v1', kind: 'Toy', plural: 'toys', scope: 'Namespaced' };
const ConfigMap: Kind<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
};

const now = new Date('2026-03-01T12:00:00Z');
const key = { namespace: 'a', name: 't' };
const toy = (extra: Partial<Toy['metadata']> = {}, status?: Toy['status']): Toy => ({
  metadata: { ...key, uid: 'u', generation: 3, ...extra },
  spec: { size: 2 },
  status,
});
const ready = [{ type: 'Ready', status: 'True', reason: 'InForce', message: 'done' }] as const;

const maker = controller(Toy)
  .owns(ConfigMap)
  .reconcile(async (object, ctx) => {
    await ctx.apply(ConfigMap, { metadata: key, data: { size: String(object.spec.size) } });
    return { status: { size: object.spec.size, conditions: ready } };
  });

const thrower = (error: Error): Controller => controller(Toy).reconcile(() => Promise.reject(error));
const kinds = (acts: readonly Act[]): readonly string[] => acts.map(({ act }) => act);
const read = (status: unknown): NonNullable<Toy['status']> => status as NonNullable<Toy['status']>;

describe('a pass', () => {
  test('applies what it wants with the primary as owner, writes status once, and the second pass acts on nothing', async () => {
    const first = await runPass(maker, { world: [thing(Toy, toy())], key, now });
    expect(kinds(first.acts)).toEqual(['apply', 'applyStatus']);
    expect(first.acts[0]).toMatchObject({
      kind: 'configmaps',
      key: 'a/t',
      body: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        data: { size: '2' },
        metadata: { ownerReferences: [{ kind: 'Toy', name: 't', uid: 'u', controller: true }] },
      },
    });
    expect(first.status).toEqual({
      size: 2,
      observedGeneration: 3,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'InForce',
          message: 'done',
          observedGeneration: 3,
          lastTransitionTime: '2026-03-01T12:00:00Z',
        },
      ],
    });
    const second = await first.again({ now: new Date('2026-03-01T13:00:00Z') });
    expect(second.acts).toEqual([]);
  });

  test('a child changed by someone else is put right again', async () => {
    const first = await runPass(maker, { world: [thing(Toy, toy())], key, now });
    const second = await first.again({
      change: (api) => api.patch('configmaps', key, { type: 'merge', body: { data: { size: '9' } } }),
    });
    expect(kinds(second.acts)).toEqual(['apply']);
    expect(second.get(ConfigMap, key)?.data).toEqual({ size: '2' });
  });

  test('a cached object cannot be changed', async () => {
    const rude = controller(Toy).reconcile(async (object) => {
      Reflect.set(object.spec, 'size', 5);
      Object.assign(object.spec, { size: 5 });
      return undefined;
    });
    const { result } = await runPass(rude, { world: [thing(Toy, toy())], key, now });
    expect(result).toMatchObject({ result: 'error', error: expect.any(TypeError) });
  });

  test('an undeclared kind is refused with the line to add', async () => {
    const sneaky = controller(Toy).reconcile(async (_toy, ctx) => {
      ctx.list(ConfigMap);
      return undefined;
    });
    const { result, status } = await runPass(sneaky, { world: [thing(Toy, toy())], key, now });
    expect(result).toMatchObject({ result: 'error', error: { message: expect.stringContaining('.reads(ConfigMap)') } });
    expect(read(status).conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
      'Ready=Unknown',
      'Reconciling=True',
    ]);
  });

  test('a singleton has no status', async () => {
    const lone = singleton('planner')
      .reads(ConfigMap)
      .reconcile(async () => ({ after: 7 }));
    const { acts, result } = await runPass(lone, { world: [], now });
    expect(acts).toEqual([]);
    expect(result).toEqual({ result: 'requeue_after', after: 7 });
  });
});

describe('the end of a pass in conditions', () => {
  const forbidden = new Forbidden({ status: 403, reason: 'Forbidden', url: 'PATCH /x', message: 'cannot patch' });
  const before: Toy['status'] = {
    observedGeneration: 3,
    size: 2,
    conditions: [
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'X',
        message: '',
        observedGeneration: 3,
        lastTransitionTime: '2026-03-01T11:00:00Z',
      },
      {
        type: 'Reconciling',
        status: 'True',
        reason: 'X',
        message: '',
        observedGeneration: 3,
        lastTransitionTime: '2026-03-01T11:00:00Z',
      },
      {
        type: 'Own',
        status: 'True',
        reason: 'Y',
        message: '',
        observedGeneration: 2,
        lastTransitionTime: '2026-03-01T10:00:00Z',
      },
    ],
  };
  const overdue: Toy['status'] = {
    conditions: [
      {
        type: 'Stalled',
        status: 'True',
        reason: 'ProgressDeadlineExceeded',
        message: '',
        observedGeneration: 3,
        lastTransitionTime: '2026-03-01T11:00:00Z',
      },
    ],
  };
  const rows = [
    {
      name: 'waiting',
      error: new Waiting('NoNodes', 'none', 5),
      live: undefined,
      want: ['Ready=Unknown:NoNodes', 'Reconciling=True:NoNodes'],
    },
    {
      name: 'terminal',
      error: new Terminal('BadSpec', 'no'),
      live: undefined,
      want: ['Ready=False:BadSpec', 'Stalled=True:BadSpec'],
    },
    {
      name: 'any error',
      error: new Error('x'),
      live: undefined,
      want: ['Ready=Unknown:ReconcileError', 'Reconciling=True:ReconcileError'],
    },
    {
      name: 'forbidden',
      error: forbidden,
      live: undefined,
      want: ['Ready=Unknown:Forbidden', 'Reconciling=True:Forbidden'],
    },
    {
      name: 'errors for an hour',
      error: new Error('x'),
      live: before,
      failures: { count: 9, millis: 3_600_000 },
      want: ['Ready=False:ProgressDeadlineExceeded', 'Stalled=True:ProgressDeadlineExceeded', 'Own=True:Y'],
    },
    {
      name: 'an error after waiting for an hour',
      error: new Error('x'),
      live: before,
      want: ['Ready=Unknown:ReconcileError', 'Reconciling=True:ReconcileError', 'Own=True:Y'],
    },
    {
      name: 'errors again after a restart, when the deadline had been exceeded before it',
      error: new Error('x'),
      live: overdue,
      want: ['Ready=False:ProgressDeadlineExceeded', 'Stalled=True:ProgressDeadlineExceeded'],
    },
    {
      name: 'waiting for an hour',
      error: new Waiting('W', 'w'),
      live: before,
      want: ['Ready=Unknown:W', 'Reconciling=True:W', 'Own=True:Y'],
    },
  ];
  test.each(rows)('$name', async ({ error, live, failures, want }) => {
    const out = await runPass(thrower(error), { world: [thing(Toy, toy({}, live))], key, now, failures });
    const made = (read(out.status).conditions ?? []).map((c) => `${c.type}=${c.status}:${c.reason}`);
    expect(made.sort()).toEqual([...want].sort());
    expect(read(out.status).observedGeneration).toBe(3);
    expect((await out.again()).acts).toEqual([]);
  });

  test('lastTransitionTime moves only with the status of a condition', async () => {
    const out = await runPass(thrower(new Waiting('Later', 'm')), { world: [thing(Toy, toy({}, before))], key, now });
    const times = read(out.status)
      .conditions?.map(({ lastTransitionTime }) => lastTransitionTime)
      .sort();
    expect(times).toEqual(['2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z', '2026-03-01T11:00:00Z']);
  });

  test('a first lost race is retried without touching Ready', async () => {
    const conflict = new Conflict({ status: 409, reason: 'Conflict', url: 'u', message: 'm' });
    const out = await runPass(thrower(conflict), { world: [thing(Toy, toy())], key, now });
    expect(out.acts).toEqual([]);
    expect(out.result).toMatchObject({ result: 'error', retry: 'backoff' });
  });

  test('a kind of Kubernetes never gets our conditions', async () => {
    const broken = controller(ConfigMap).reconcile(() => Promise.reject(new Error('x')));
    const out = await runPass(broken, { world: [thing(ConfigMap, { metadata: key })], key, now });
    expect(out.acts).toEqual([]);
  });
});

describe('a status with a second writer', () => {
  const foreign = (value: number) => (api: MemoryApi) => {
    const part = { metadata: key, status: { waiting: value } };
    return api.apply('toys.example.com', key, part, 'gpuopt-other', 'status');
  };

  test('is not written again because of what the other wrote', async () => {
    const first = await runPass(maker, { world: [thing(Toy, toy())], key, now });
    const second = await first.again({ change: foreign(3) });
    const third = await second.again({ change: foreign(4) });
    expect([...second.acts, ...third.acts]).toEqual([]);
    expect(third.status).toMatchObject({ size: 2, waiting: 4 });
  });

  test('is put right when the own part was changed', async () => {
    const first = await runPass(maker, { world: [thing(Toy, toy())], key, now });
    const spoil = (api: MemoryApi): unknown =>
      api.patch('toys.example.com', key, { type: 'merge', body: { status: { size: 9 } }, subresource: 'status' });
    const second = await first.again({ change: spoil });
    expect(kinds(second.acts)).toEqual(['applyStatus']);
    expect(second.status).toMatchObject({ size: 2 });
  });

  test('keeps the part of the other out of the report of a failure', async () => {
    const outcome: { error?: Error } = {};
    const moody = controller(Toy).reconcile(async () => {
      if (outcome.error !== undefined) throw outcome.error;
      return { status: { size: 2, conditions: ready } };
    });
    const first = await runPass(moody, { world: [thing(Toy, toy())], key, now });
    outcome.error = new Error('x');
    const second = await first.again({ change: foreign(3) });
    expect(kinds(second.acts)).toEqual(['applyStatus']);
    expect(second.acts[0]).toMatchObject({ body: { status: { size: 2 } } });
    expect(JSON.stringify(second.acts)).not.toContain('waiting');
    expect(second.status).toMatchObject({ size: 2, waiting: 3 });
  });
});

describe('what an object holds already', () => {
  const rows = [
    { name: 'a part of a map', live: { a: 1, b: 2 }, wanted: { a: 1 }, want: true },
    { name: 'another value', live: { a: 1 }, wanted: { a: 2 }, want: false },
    {
      name: 'a condition among others, in any order',
      live: { conditions: [{ type: 'B' }, { type: 'A', status: 'True' }] },
      wanted: { conditions: [{ type: 'A', status: 'True' }] },
      want: true,
    },
    {
      name: 'an entry of someone else in a list that is one value',
      live: { tolerations: [{ key: 'a' }, { key: 'b' }] },
      wanted: { tolerations: [{ key: 'a' }] },
      want: false,
    },
    {
      name: 'another order in a list that is one value',
      live: { steps: [{ name: 'b' }, { name: 'a' }] },
      wanted: { steps: [{ name: 'a' }, { name: 'b' }] },
      want: false,
    },
  ];
  test.each(rows)('$name: $want', ({ live, wanted, want }) => {
    expect(holds(live, wanted)).toBe(want);
  });
});

test('the answer of a subresource of another kind never takes the place of the object', async () => {
  const laid: unknown[] = [];
  const scale = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: key };
  const unused = (): never => {
    throw new TypeError('not used');
  };
  const patcher = controller(Toy)
    .may({ group: 'example.com', resource: 'toys/scale', verbs: ['patch'], in: 'cluster', why: 'a test' })
    .reconcile(async () => undefined);
  const context = new PassContext(
    {
      controller: patcher,
      declared: new Declarations(patcher),
      reader: { get: () => undefined, list: () => [] },
      backend: {
        ...{ get: unused, apply: unused, create: unused, remove: unused, evict: unused },
        patch: async <T extends KubeObject>(): Promise<T> => JSON.parse(JSON.stringify(scale)),
      },
      overlay: (_kind, object) => laid.push(object),
      applied: new AppliedMemory(),
      record: () => undefined,
      counter: { applied: () => undefined },
      clock: systemClock,
      log: silentLog,
    },
    key,
    undefined,
    silentLog,
    new AbortController().signal,
  );
  await context.patch(Toy, key, { type: 'merge', body: { spec: { replicas: 1 } }, subresource: 'scale' });
  expect(laid).toEqual([]);
});

test('a pass that does not heed its time limit is left alone: its key is told of it and its late end is not', async () => {
  vi.useFakeTimers();
  try {
    const written: KubeObject[] = [];
    const unused = (): never => {
      throw new TypeError('not used');
    };
    const end = Promise.withResolvers<{ status: { size: number; conditions: typeof ready } }>();
    const deaf = controller(Toy).reconcile(() => end.promise);
    const own = new AbortController();
    const primary = toy();
    const running = pass(
      {
        controller: deaf,
        declared: new Declarations(deaf),
        reader: { get: (() => primary) as Reader['get'], list: () => [] },
        backend: {
          ...{ get: unused, patch: unused, create: unused, remove: unused, evict: unused },
          apply: async (_kind, body) => {
            written.push(body);
            return JSON.parse(JSON.stringify(body));
          },
        },
        overlay: () => undefined,
        applied: new AppliedMemory(),
        record: () => undefined,
        counter: { applied: () => undefined },
        clock: systemClock,
        log: silentLog,
      },
      key,
      own.signal,
    );
    own.abort(new PassTimeout('the pass took longer than 1 ms'));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await running).toMatchObject({ result: 'error', error: { code: 'PassTimeout' }, retry: 'backoff' });
    end.resolve({ status: { size: 2, conditions: ready } });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(written).toHaveLength(1);
    expect(JSON.stringify(written)).toContain('"reason":"PassTimeout"');
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
