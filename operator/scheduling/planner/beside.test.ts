import { expect, it } from 'vitest';
import { placeBeside } from './beside.ts';
import { createPlanner } from './place.ts';
import { BEST_FIT, testGang, testNode, testPod } from './planner.fixture.ts';
import { createSnapshot } from './snapshot.ts';
import type { PoolPart } from './types.ts';

const GANG = testGang('g', [testPod('p', 1)]);
const nodes = ['a', 'b'].map((pool) =>
  testNode(`in-${pool}`, { pool, gpus: { count: 1, resource: 'nvidia.com/gpu', replicas: 1 } }),
);

it.each<[string, (pool: string) => PoolPart | undefined, { at?: string; asked: number; refusal?: string }]>([
  ['goes beside the pool that is kept', (pool) => (pool === 'a' ? { pool } : undefined), { at: 'in-b', asked: 2 }],
  ['says why it did not get the first place', (pool) => ({ pool }), { asked: 2, refusal: 'a' }],
  ['ends where a refusal names what is left out already', () => ({ pool: 'a' }), { asked: 2, refusal: 'a' }],
])('a gang %s', (_, keeps, { at, asked, refusal }) => {
  const planner = createPlanner(createSnapshot(nodes), BEST_FIT);
  let times = 0;
  const { placed, refused } = placeBeside(planner, GANG, [], ([place]) => {
    times += 1;
    const part = keeps(place?.node === 'in-a' ? 'a' : 'b');
    return part === undefined ? undefined : { part };
  });
  expect(times).toBe(asked);
  expect(placed?.map(({ node }) => node)).toEqual(at === undefined ? undefined : [at]);
  if (at === undefined) expect(refused?.part.pool).toBe(refusal);
  expect([...planner.snapshot.taken.keys()]).toEqual(at === undefined ? [] : ['p']);
});
