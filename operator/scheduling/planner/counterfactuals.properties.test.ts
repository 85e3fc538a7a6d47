import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainGang } from './explain.ts';
import { hold } from './hold.ts';
import { createPlanner, placeGang } from './place.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { createSnapshot } from './snapshot.ts';
import type { Counterfactual, Quota } from './types.ts';

const worlds = fc.record({
  /** GPUs of each node, and how many of them are taken. */
  nodes: fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat(8)), { minLength: 1, maxLength: 4 }),
  /** A gang of equal pods. */
  pods: fc.integer({ min: 1, max: 5 }),
  gpus: fc.integer({ min: 1, max: 4 }),
  limit: fc.integer({ min: 0, max: 20 }),
});

type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

/** What a counterfactual changes, or more or less of it. */
type Change = { readonly [kind in Counterfactual['kind']]?: number } & { readonly like?: string };

/** Whether the gang fits once the world is changed, and what else would help. */
function ask(world: World, { limit = 0, nodes = 0, 'fewer-pods': pods = world.pods, like = 'n0' }: Change) {
  const size = world.nodes[Number(like.slice(1))]?.[0] ?? 0;
  const sizes = [...world.nodes, ...Array.from({ length: nodes }, () => [size, 0] as const)];
  const snapshot = createSnapshot(
    sizes.map(([count], at) => testNode(`n${at}`, { gpus: { count, resource: 'nvidia.com/gpu', replicas: 1 } })),
  );
  for (const [at, [count, taken]] of sizes.entries()) {
    hold(snapshot, { ...testPod(`r${at}`, Math.min(count, taken)), node: `n${at}` });
  }
  const planner = createPlanner(snapshot, BEST_FIT);
  const members = Array.from({ length: pods }, (_, at) => testPod(`p${at}`, world.gpus));
  const gang = testGang('g', members, { tenant: 't' });
  const quotas: readonly Quota[] = [{ tenant: 't', limitMilli: world.limit * 1000 + limit }];
  const explained = explainGang(planner, gang, quotas, 'full');
  return { fits: placeGang(planner, gang, quotas) !== undefined, helps: explained.counterfactuals };
}

describe('whatever a gang waits for', () => {
  it('what is said to help does, more of it does too, and less does not', () => {
    const seen: Record<string, number> = {};
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 3 }), (world, step) => {
        const { fits, helps } = ask(world, {});
        if (fits) return;
        for (const { kind, amount, change } of helps) {
          seen[kind] = (seen[kind] ?? 0) + 1;
          if (kind === 'fewer-pods') {
            expect(ask(world, { [kind]: amount }).fits).toBe(true);
            expect(ask(world, { [kind]: Math.max(1, amount - step) }).fits).toBe(true);
            expect(ask(world, { [kind]: amount + 1 }).fits).toBe(false);
            continue;
          }
          const like = / like (n\d+) /.exec(change)?.[1];
          const size = kind === 'limit' ? 1000 * step : step;
          expect(ask(world, { [kind]: amount, like }).fits, change).toBe(true);
          expect(ask(world, { [kind]: amount + size, like }).fits, change).toBe(true);
          expect(ask(world, { [kind]: amount - 1, like }).fits, change).toBe(false);
        }
      }),
      { numRuns: 400, seed: 21 },
    );
    expect(Object.keys(seen).sort()).toEqual(['fewer-pods', 'limit', 'nodes']);
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
  });
});
