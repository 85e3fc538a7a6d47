import { describe, expect, test } from 'vitest';
import { controller } from '../controller/builder.ts';
import type { Context, Controller } from '../types.ts';
import { thing } from './pass.ts';
import { runRow } from './table.ts';
import { makeNote, Note, Toy, toyMaker } from './toys.ts';

const now = new Date('2026-03-01T12:00:00Z');
const key = { namespace: 'a', name: 't' };
const toy: Toy = { metadata: { ...key, uid: 'u', generation: 1 }, spec: { size: 2 } };
const world = [thing(Toy, toy)];
const note = (name: string) => ({ metadata: { namespace: 'a', name }, data: { from: 't' } });
const passes = (reconcile: (object: Toy, ctx: Context) => Promise<void>) => (): Controller =>
  controller(Toy)
    .owns(Note)
    .may({ group: '', resource: 'configmaps', verbs: ['create'], in: 'cluster', why: 'tests' })
    .withoutStatus()
    .reconcile(async (object, ctx) => {
      await reconcile(object, ctx);
      return undefined;
    });

test('a row in one line: what was wanted, whatever the order', async () => {
  const { intents } = await runRow(() => toyMaker, { world, key, now });
  const ready = expect.objectContaining({ type: 'Ready', status: 'True', reason: 'InForce' });
  expect(intents).toEqual({
    'apply configmaps/a/t': { data: { size: '2' } },
    'applyStatus toys.example.com/a/t': { status: { size: 2, observedGeneration: 1, conditions: [ready] } },
  });
});

test.each([
  { name: 'an owned object that is no longer wanted', kept: 'old', acts: ['remove configmaps/a/old'] },
  { name: 'nothing to do', kept: 't', acts: [] },
])('acts of $name', async ({ kept, acts }) => {
  const tidy = passes(async (_toy, ctx) => {
    for (const one of ctx.list(Note)) if (one.metadata.name !== 't') await ctx.remove(Note, one);
  });
  const { intents } = await runRow(tidy, { world: [...world, thing(Note, note(kept))], key, now });
  expect(Object.keys(intents)).toEqual(acts);
});

describe('a row is broken by a controller that', () => {
  const rows: readonly { name: string; make: () => Controller; message: string | RegExp }[] = [
    {
      name: 'writes again what is there',
      make: passes(async (_toy, ctx) => {
        await ctx.create(Note, note('t'));
      }),
      message: 'the second pass acts again: create configmaps/a/t',
    },
    {
      name: 'counts what it made before, and so makes one less after a kill',
      make: passes(async (_toy, ctx) => {
        const made = ctx.list(Note).length;
        if (made > 0) return;
        for (const name of ['one', 'two']) await ctx.apply(Note, note(name));
      }),
      message: /^killed after act 1 of apply configmaps\/a\/one, apply configmaps\/a\/two, the world ends as/,
    },
    {
      name: 'names what it makes by what its process has made so far',
      make: () => {
        let made = 0;
        return passes(async (_toy, ctx) => {
          if (ctx.get(Note, { namespace: 'a', name: 'done' }) !== undefined) return;
          made += 1;
          await ctx.apply(Note, note(`part-${made}-${ctx.list(Note).length}`));
          await ctx.apply(Note, note('done'));
        })();
      },
      message: /^killed after act 1/,
    },
  ];
  test.each(rows)('$name', async ({ make, message }) => {
    await expect(runRow(make, { world, key, now })).rejects.toMatchObject({
      code: 'RowBroken',
      message: expect.stringMatching(message),
    });
  });
});

test('a pass that changes what it read fails, and the world keeps it', async () => {
  const rude = passes(async (object) => {
    Object.assign(object.spec, { size: 5 });
  });
  const { get, result } = await runRow(rude, { world, key, now });
  expect(result).toMatchObject({ result: 'error', error: expect.any(TypeError) });
  expect(get(Toy, key)?.spec.size).toBe(2);
});

test('kills are tried at every act of a pass with a finalizer', async () => {
  const careful = (): Controller =>
    controller(Toy)
      .owns(Note)
      .finalizer('example.com/toy', async () => undefined)
      .reconcile(makeNote);
  const { acts } = await runRow(careful, { world, key, now });
  expect(acts.map(({ act }) => act)).toEqual(['patch', 'apply', 'applyStatus']);
});
