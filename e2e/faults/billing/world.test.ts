import { expect, test } from 'vitest';

import { generateWorld, integral, viewAt, type World } from './world.ts';

const size = { seed: 7, tenants: 3, pods: 40, hours: 6 };

test('a seed gives the same world, another seed another', () => {
  expect(generateWorld(size)).toEqual(generateWorld(size));
  expect(generateWorld({ ...size, seed: 8 })).not.toEqual(generateWorld(size));
});

test('the integral is cut at hours, counts units, sums tenants of one customer, and leaves out what nobody pays', () => {
  const begin = Date.parse('2026-01-05T00:00:00Z');
  const pod = (namespace: string, units: number, from: number, to: number): World['allocations'][number] => ({
    ...{ name: `${namespace}-${from}`, namespace, node: 'l4', units, deleted: false },
    start: begin + from * 1000,
    end: begin + to * 1000,
  });
  const world = {
    ...generateWorld(size),
    payers: [
      { tenant: 'a', customer: 'cus_1' },
      { tenant: 'b', customer: 'cus_1' },
    ],
    allocations: [pod('ns-a', 2, 3590, 3610), pod('ns-b', 1, 0, 5), pod('nobody', 8, 0, 7200)],
  };
  const hour = begin / 1000;
  expect([...integral(world)]).toEqual([
    [`cus_1 gpu_seconds__l4 ${hour}`, 25n],
    [`cus_1 gpu_seconds__l4 ${hour + 3600}`, 20n],
  ]);
});

test('a pod is listed from its bind until it has ended and was let go', () => {
  const world = generateWorld(size);
  const [one] = world.allocations;
  if (one === undefined) throw new Error('an empty world');
  const listed = (at: number, released: ReadonlySet<string> = new Set()): boolean =>
    viewAt(world, at, released).pods.some(({ metadata }) => metadata.name === one.name);
  expect([listed(one.start - 1), listed(one.start), listed(one.end)]).toEqual([false, true, true]);
  expect(listed(one.end, new Set([one.name]))).toBe(false);
});
