import { describe, expect, test } from 'vitest';
import { NotFound } from '../client/errors.ts';
import { runPass, thing } from '../testing/index.ts';
import { Toy } from '../testing/toys.ts';
import { controller } from './builder.ts';

const now = new Date('2026-03-01T12:00:00Z');
const key = { namespace: 'a', name: 't' };
const toy = (extra: Partial<Toy['metadata']> = {}): Toy => ({
  metadata: { ...key, uid: 'u', generation: 3, ...extra },
  spec: { size: 2 },
});

describe('finalizers', () => {
  const forgotten: string[] = [];
  const keeper = controller(Toy)
    .finalizer('example.com/toy', async (object) => {
      forgotten.push(object.metadata.name ?? '');
    })
    .reconcile(async () => undefined);

  test('are added before the first effect, under the version seen', async () => {
    const out = await runPass(keeper, { world: [thing(Toy, toy())], key, now });
    expect(out.acts).toMatchObject([
      { act: 'patch', patch: { body: { metadata: { uid: 'u', finalizers: ['example.com/toy'] } } } },
    ]);
  });

  test('an object that goes before it is marked is not acted for', async () => {
    const gone = new NotFound({ status: 404, reason: 'NotFound', url: 'u', message: 'm' });
    let passes = 0;
    const marker = controller(Toy)
      .finalizer('example.com/toy', async () => undefined)
      .reconcile(async () => {
        passes += 1;
        return undefined;
      });
    const intercept = (): never => {
      throw gone;
    };
    const out = await runPass(marker, { world: [thing(Toy, toy())], key, now, intercept });
    expect(out.result).toEqual({ result: 'success' });
    expect(passes).toBe(0);
  });

  test('forget runs on deletion and the object goes', async () => {
    const dying = toy({ finalizers: ['other', 'example.com/toy'], deletionTimestamp: '2026-03-01T11:59:00Z' });
    const out = await runPass(keeper, { world: [thing(Toy, dying)], key, now });
    expect(forgotten).toEqual(['t']);
    expect(out.get(Toy, key)?.metadata.finalizers).toEqual(['other']);
    expect((await out.again()).acts).toEqual([]);
  });
});
