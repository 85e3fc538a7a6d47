import { expect, test } from 'vitest';
import { createRegistry } from '../../observability/index.ts';
import type { Backend } from '../client/backend.ts';
import { NotFound, ServerError } from '../client/errors.ts';
import { RuntimeMetrics } from '../metrics.ts';
import { silentLog, VirtualClock } from '../testing/index.ts';
import { Toy } from '../testing/toys.ts';
import type { EventIntent, KubeObject, PatchBody } from '../types.ts';
import { microTime, Recorder } from './recorder.ts';

const unused = (): never => {
  throw new TypeError('not used by the recorder');
};

function make(
  ahead: () => number = () => 0,
  refuse: (verb: 'create' | 'patch') => Error | undefined = () => undefined,
): {
  recorder: Recorder;
  clock: VirtualClock;
  created: KubeObject[];
  patched: PatchBody[];
  metrics: () => Promise<string>;
} {
  const created: KubeObject[] = [];
  const patched: PatchBody[] = [];
  const clock = new VirtualClock();
  const registry = createRegistry();
  const backend: Backend = {
    get: unused,
    apply: unused,
    remove: unused,
    evict: unused,
    create: async (_kind, object) => {
      const refusal = refuse('create');
      if (refusal !== undefined) throw refusal;
      created.push(object);
      return object;
    },
    patch: async (_kind, _key, patch) => {
      const refusal = refuse('patch');
      if (refusal !== undefined) throw refusal;
      patched.push(patch);
      return unused();
    },
  };
  const recorder = new Recorder({
    backend,
    clock: { ...clock, now: () => clock.now() + ahead() },
    log: silentLog,
    metrics: new RuntimeMetrics(registry),
    instance: 'me',
  });
  return { recorder, clock, created, patched, metrics: () => registry.metrics() };
}

const event = (note: string, dedupeKey?: string): EventIntent => ({
  regarding: { metadata: { namespace: 'a', name: 't', uid: 'u' } },
  kind: Toy,
  type: 'Normal',
  reason: 'Made',
  action: 'Make',
  note,
  dedupeKey,
});

test('equal events become one series, written when it begins and then at most once a minute', async () => {
  const { recorder, clock, created, patched } = make();
  for (let second = 0; second < 130; second += 1) {
    recorder.record(event('same'), 'toy');
    await clock.advance(1_000);
  }
  expect(created).toHaveLength(1);
  expect(created[0]).toMatchObject({
    metadata: { namespace: 'a' },
    reportingController: 'gpuoptimizer.io/toy',
    reportingInstance: 'me',
    regarding: { apiVersion: 'example.com/v1', kind: 'Toy', name: 't', uid: 'u' },
  });
  expect(patched.map(({ body }) => Reflect.get(Object(Reflect.get(Object(body), 'series')), 'count'))).toEqual([
    2, 62, 122,
  ]);
});

test('a flood about one object is cut after 25', async () => {
  const { recorder, clock, created, metrics } = make();
  for (let index = 0; index < 40; index += 1) recorder.record(event(`note ${index}`), 'toy');
  await clock.advance(0);
  expect(created).toHaveLength(25);
  expect(await metrics()).toContain('event_recorder_dropped_total{reason="rate"} 15');
});

test('events under one key are one, whatever they say', async () => {
  const { recorder, clock, created } = make();
  recorder.record(event('3 nodes', 'nodes'), 'toy');
  recorder.record(event('4 nodes', 'nodes'), 'toy');
  await clock.advance(0);
  expect(created).toHaveLength(1);
});

test('a note that is too long is cut to 1,024 bytes between characters', async () => {
  const { recorder, clock, created } = make();
  recorder.record(event(`a${'ü'.repeat(600)}`), 'toy');
  await clock.advance(0);
  expect(Reflect.get(Object(created[0]), 'note')).toBe(`a${'ü'.repeat(511)}`);
});

test('a wall clock that is set back neither silences nor floods', async () => {
  const wall = { ahead: 0 };
  const { recorder: set, clock, created } = make(() => wall.ahead);
  set.record(event('first'), 'toy');
  wall.ahead = -24 * 3_600_000;
  for (let index = 0; index < 10; index += 1) set.record(event(`note ${index}`), 'toy');
  await clock.advance(11 * 60_000);
  set.record(event('first'), 'toy');
  await clock.advance(0);
  expect(created).toHaveLength(12);
});

test('times have six digits', () => {
  expect(microTime(0)).toBe('1970-01-01T00:00:00.000000Z');
});

test.each([
  {
    name: 'whose create was refused',
    verb: 'create',
    error: new ServerError({ status: 503, reason: '', url: '', message: '' }),
  },
  {
    name: 'that was deleted meanwhile',
    verb: 'patch',
    error: new NotFound({ status: 404, reason: '', url: '', message: '' }),
  },
] as const)('an event $name is written anew when it happens again', async ({ verb, error }) => {
  let refusals = 1;
  const { recorder, clock, created } = make(undefined, (asked) =>
    asked === verb && refusals-- > 0 ? error : undefined,
  );
  for (let times = 0; times < 4; times += 1) {
    recorder.record(event('again'), 'toy');
    await recorder.flush(1_000);
    await clock.advance(30_000);
  }
  expect(created.length).toBe(verb === 'create' ? 1 : 2);
});
