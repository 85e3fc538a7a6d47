import fc from 'fast-check';
import { expect, test } from 'vitest';

import { apportion } from './apportion.ts';
import { type Capacity, type Holding, type IdlePolicy, idleOf } from './idle.ts';
import { weightOf } from './weight.ts';

const A100 = 'NVIDIA-A100-SXM4-80GB';
const hour = 3_600_000;

test.each([
  [A100, 'full', 1n, 1n],
  [A100, '1g.10gb', 1n, 7n],
  [A100, '1g.20gb', 2n, 8n],
  [A100, '3g.40gb', 4n, 8n],
  [A100, '4g.40gb', 4n, 7n],
  [A100, '1g.10gb+me', 1n, 7n],
  [A100, '1g.10gb+ts2', 1n, 14n],
  ['NVIDIA-A30', '1g.6gb', 1n, 4n],
  ['NVIDIA-L4', 'ts4', 1n, 4n],
  ['NVIDIA-L4', 'share250', 250n, 1000n],
])('one %s %s weighs %s/%s of a GPU', (model, profile, num, den) => {
  expect(weightOf({ model, profile })).toEqual({ num, den });
});

test('a profile that the model does not have has no weight', () => {
  expect(weightOf({ model: A100, profile: '5g.50gb' })).toBeUndefined();
  expect(weightOf({ model: 'unknown', profile: '1g.10gb' })).toBeUndefined();
});

const node = (name: string, gpus: number, model = A100): Capacity => ({ node: name, model, gpus, from: 0, to: hour });
const hold = (tenant: string, on: string, units: number, profile = 'full', to = hour): Holding => ({
  ...{ tenant, node: on, model: A100, profile, units, from: 0, to },
});
type Answer = readonly [origin: string, idleMs: bigint, parts: Readonly<Record<string, bigint>>];
const shown = (capacity: readonly Capacity[], held: readonly Holding[], policy: IdlePolicy): readonly Answer[] =>
  idleOf(capacity, held, policy).map(({ node: on, idleMs, parts }) => [on ?? '*', idleMs, Object.fromEntries(parts)]);

const two = [node('a', 4), node('b', 2)];
const mixed = [hold('acme', 'a', 2), hold('globex', 'a', 1), hold('acme', 'b', 1, 'full', hour / 2)];

test.each<[string, IdlePolicy, readonly Capacity[], readonly Holding[], readonly Answer[]]>([
  [
    'nobody pays for it',
    { split: 'None', scope: 'Node' },
    two,
    mixed,
    [
      ['a', 3_600_000n, {}],
      ['b', 5_400_000n, {}],
    ],
  ],
  [
    'by what each held on the node',
    { split: 'Weighted', scope: 'Node' },
    two,
    mixed,
    [
      ['a', 3_600_000n, { acme: 2_400_000n, globex: 1_200_000n }],
      ['b', 5_400_000n, { acme: 5_400_000n }],
    ],
  ],
  [
    'alike on the node',
    { split: 'Even', scope: 'Node' },
    two,
    mixed,
    [
      ['a', 3_600_000n, { acme: 1_800_000n, globex: 1_800_000n }],
      ['b', 5_400_000n, { acme: 5_400_000n }],
    ],
  ],
  [
    'by what each held in the cluster: 2.5 GPU-hours to 1',
    { split: 'Weighted', scope: 'Cluster' },
    two,
    mixed,
    [['*', 9_000_000n, { acme: 6_428_571n, globex: 2_571_429n }]],
  ],
  [
    'a node that nobody used keeps its time',
    { split: 'Weighted', scope: 'Node' },
    [node('a', 1)],
    [],
    [['a', 3_600_000n, {}]],
  ],
  [
    'a sevenths slice: what is less than a millisecond counts as held',
    { split: 'Weighted', scope: 'Node' },
    [node('a', 1)],
    [hold('acme', 'a', 1, '1g.10gb')],
    [['a', 3_085_714n, { acme: 3_085_714n }]],
  ],
  [
    'slices that weigh more than their GPU leave nothing, never less',
    { split: 'Even', scope: 'Node' },
    [node('a', 1)],
    [hold('acme', 'a', 1, '4g.40gb'), hold('globex', 'a', 1, '3g.40gb')],
    [],
  ],
  [
    'a device of unknown weight: its node is left out',
    { split: 'None', scope: 'Cluster' },
    two,
    [hold('acme', 'a', 1, '5g.50gb')],
    [['*', 7_200_000n, {}]],
  ],
])('%s', (_, policy, capacity, held, expected) => {
  expect(shown(capacity, held, policy)).toEqual(expected);
});

const nodes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
const capacities = nodes.chain((names) =>
  fc.tuple(...names.map((name) => fc.integer({ min: 1, max: 8 }).map((gpus) => node(name, gpus)))),
);
const holding: fc.Arbitrary<Holding> = fc.record({
  tenant: fc.constantFrom('acme', 'globex', 'initech'),
  node: fc.constantFrom('a', 'b', 'c', 'd'),
  model: fc.constant(A100),
  profile: fc.constantFrom('full', '1g.10gb', '2g.20gb', '3g.40gb', 'ts3'),
  units: fc.integer({ min: 1, max: 4 }),
  from: fc.integer({ min: 0, max: hour / 2 }),
  to: fc.integer({ min: hour / 2, max: hour }),
});
const policy: fc.Arbitrary<IdlePolicy> = fc.record({
  split: fc.constantFrom('None', 'Weighted', 'Even'),
  scope: fc.constantFrom('Node', 'Cluster'),
});
const sum = (parts: Iterable<bigint>): bigint => [...parts].reduce((total, part) => total + part, 0n);

test('parts add up to their origin, none is negative, and no order changes anything', () => {
  fc.assert(
    fc.property(capacities, fc.array(holding, { maxLength: 12 }), policy, (capacity, held, how) => {
      const origins = idleOf(capacity, held, how);
      for (const { idleMs, parts } of origins) {
        expect(idleMs > 0n && [...parts.values()].every((part) => part >= 0n)).toBe(true);
        if (parts.size > 0) expect(sum(parts.values())).toBe(idleMs);
      }
      expect(shown(capacity.toReversed(), held.toReversed(), how)).toEqual(shown(capacity, held, how));
      const whole = sum(capacity.map(({ gpus }) => BigInt(gpus * hour)));
      expect(sum(origins.map(({ idleMs }) => idleMs)) <= whole).toBe(true);
    }),
  );
});

test('the scope does not change how much is unused', () => {
  fc.assert(
    fc.property(capacities, fc.array(holding, { maxLength: 12 }), (capacity, held) => {
      const all = (scope: IdlePolicy['scope']) =>
        sum(idleOf(capacity, held, { split: 'Even', scope }).map(({ idleMs }) => idleMs));
      expect(all('Node')).toBe(all('Cluster'));
    }),
  );
});

test('largest remainders: exact sum, each part within one of its share, the same in any order', () => {
  const weights = fc.dictionary(fc.string(), fc.bigInt({ min: 0n, max: 10n ** 20n }), { minKeys: 1 });
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), weights, (whole, by) => {
      const entries = Object.entries(by);
      const total = sum(entries.map(([, weight]) => weight));
      fc.pre(total > 0n);
      const parts = apportion(whole, new Map(entries));
      expect(sum(parts.values())).toBe(whole);
      for (const [key, weight] of entries) {
        const error = (parts.get(key) ?? 0n) * total - whole * weight;
        expect(error < total && error > -total).toBe(true);
      }
      const again = apportion(whole, new Map(entries.toReversed()));
      expect([...again].toSorted()).toEqual([...parts].toSorted());
    }),
  );
});
