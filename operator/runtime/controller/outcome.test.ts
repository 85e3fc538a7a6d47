import { describe, expect, test } from 'vitest';
import { Forbidden } from '../client/errors.ts';
import { runPass, thing } from '../testing/index.ts';
import type { MemoryApi } from '../testing/memory-api.ts';
import { Note, Toy } from '../testing/toys.ts';
import { type Controller, Terminal, Waiting } from '../types.ts';
import { controller } from './builder.ts';

const now = new Date('2026-03-01T12:00:00Z');
const key = { namespace: 'a', name: 't' };
const toy = (size: number, status?: Toy['status']): Toy => ({
  metadata: { ...key, uid: 'u', generation: 3 },
  spec: { size },
  status,
});
const ready = [{ type: 'Ready', status: 'True', reason: 'InForce', message: 'done' }] as const;

describe('a pass that asks to be repeated at no time', () => {
  const rows: { name: string; reconcile: () => Promise<{ after?: number } | undefined> }[] = [
    { name: 'after NaN', reconcile: async () => ({ after: Number.NaN }) },
    { name: 'after Infinity', reconcile: async () => ({ after: Number.POSITIVE_INFINITY }) },
    { name: 'waiting for NaN', reconcile: () => Promise.reject(new Waiting('W', 'w', Number.NaN)) },
  ];
  test.each(rows)('is tried again with backoff: $name', async ({ reconcile }) => {
    const out = await runPass(controller(Toy).reconcile(reconcile), { world: [thing(Toy, toy(1))], key, now });
    expect(out.result).toMatchObject({ result: 'error', retry: 'backoff' });
  });
});

test.each([
  { name: 'waits', end: new Waiting('Later', 'in an hour', 3_600_000), told: { result: 'requeue_after' } },
  { name: 'needs a change', end: new Terminal('NoSize', 'spec.size'), told: { result: 'error', retry: 'on-change' } },
])('a pass that $name and cannot say so in status is tried again soon', async ({ end, told }) => {
  const options = { world: [thing(Toy, toy(1))], key, now };
  const waiter = controller(Toy).reconcile(() => Promise.reject(end));
  const forbidden = new Forbidden({ status: 403, reason: 'Forbidden', url: 'u', message: 'no patch of toys/status' });
  const intercept = ({ act }: { readonly act: string }): void => {
    if (act === 'applyStatus') throw forbidden;
  };
  expect((await runPass(waiter, options)).result).toMatchObject(told);
  expect((await runPass(waiter, { ...options, intercept })).result).toEqual({
    ...{ result: 'error', error: forbidden, retry: 'backoff' },
  });
});

test('after an apply whose answer was lost, the one before is applied again', async () => {
  let lose = false;
  const maker = controller(Toy)
    .owns(Note)
    .reconcile(async (object, ctx) => {
      const data = { a: 'x', ...(object.spec.size > 1 && { extra: 'y' }) };
      await ctx.apply(Note, { metadata: key, data });
      return { status: { size: object.spec.size, conditions: ready } };
    });
  const intercept = ({ act }: { readonly act: string }): void => {
    if (lose && act === 'apply') throw new Error('no answer');
  };
  const first = await runPass(maker, { world: [thing(Toy, toy(1))], key, now, intercept });
  const resize = (size: number) => ({
    change: (api: MemoryApi): void => {
      api.patch('toys.example.com', key, { type: 'merge', body: { spec: { size } } });
    },
  });
  lose = true;
  const lost = await first.again(resize(2));
  expect(lost.result).toMatchObject({ result: 'error' });
  lose = false;
  const back = await lost.again(resize(1));
  expect(back.acts.map(({ act }) => act)).toContain('apply');
});

test('a condition that is kept after a failure names the generation that it was true of', async () => {
  const programmed = {
    type: 'Programmed',
    status: 'True',
    reason: 'Set',
    message: 'size 6',
    observedGeneration: 2,
  } as const;
  const before = { conditions: [{ ...programmed, lastTransitionTime: '2026-03-01T10:00:00Z' }] };
  const failing = controller(Toy).reconcile(() => Promise.reject(new Error('x')));
  const out = await runPass(failing, { world: [thing(Toy, toy(1, before))], key, now });
  const { conditions = [] }: NonNullable<Toy['status']> = Object(out.status);
  expect(Object.fromEntries(conditions.map(({ type, observedGeneration }) => [type, observedGeneration]))).toEqual({
    Ready: 3,
    Reconciling: 3,
    Programmed: 2,
  });
});

describe('what a controller removes or evicts', () => {
  const remover = (uid: string | undefined): Controller =>
    controller(Toy)
      .owns(Note)
      .reconcile(async (_toy, ctx) => {
        await ctx.remove(Note, { metadata: { ...key, uid } });
        return undefined;
      });

  test('must be known by its uid', async () => {
    const out = await runPass(remover(undefined), { world: [thing(Toy, toy(1))], key, now });
    expect(out.acts.filter(({ act }) => act === 'remove')).toEqual([]);
    expect(String(Reflect.get(out.result, 'error'))).toContain('"t" can only be removed as read from the cache');
  });

  test('is not what took its name meanwhile', async () => {
    const other: Note = { metadata: { ...key, uid: 'another' } };
    const out = await runPass(remover('gone'), { world: [thing(Toy, toy(1)), thing(Note, other)], key, now });
    expect(out.result).toMatchObject({ result: 'error', error: { code: 'Conflict' } });
    expect(out.get(Note, key)?.metadata.uid).toBe('another');
  });
});
