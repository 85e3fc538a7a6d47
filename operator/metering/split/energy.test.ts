import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { EnergySample } from '../energy/series.ts';
import { energyOf, type NamedHolding } from './energy.ts';

const minute = 60_000;
const window = { start: 0, end: 60 * minute };

const sample = (gpu: string, from: number, to: number, millijoules: bigint, ...pods: string[]): EnergySample => ({
  ...{ gpu, node: 'a', from: from * minute, to: to * minute, millijoules, pods },
});
const hold = (tenant: string, profile = 'full', from = 0, to = 60, units = 1): NamedHolding => ({
  ...{ tenant, meter: profile, node: 'a', model: 'NVIDIA-A100-SXM4-80GB', profile, units },
  ...{ holder: `${tenant}/pod`, from: from * minute, to: to * minute },
});

test.each<[string, readonly EnergySample[], readonly NamedHolding[], readonly string[]]>([
  ['no sample: nothing is known', [], [hold('acme')], ['acme 0 partly']],
  ['one holder of a whole GPU', [sample('g', 0, 60, 7000n)], [hold('acme')], ['acme 7000']],
  [
    'two holders of one GPU by weight: 4/7 and 1/2 of it, which is more than it',
    [sample('g', 0, 60, 1500n)],
    [hold('acme', '4g.40gb'), hold('globex', '3g.40gb')],
    ['acme 800', 'globex 700'],
  ],
  [
    'slots of a shared GPU: two of four, the rest draws for nobody',
    [sample('g', 0, 60, 1000n)],
    [hold('acme', 'ts4'), hold('globex', 'ts4')],
    ['acme 250', 'globex 250'],
  ],
  [
    'two in turn, each sample by itself',
    [sample('g', 0, 30, 900n), sample('g', 30, 60, 100n)],
    [hold('acme', 'full', 0, 30), hold('globex', 'full', 30, 60)],
    ['acme 900', 'globex 100'],
  ],
  [
    'the exporter names the holders: each has his own GPU',
    [sample('g', 0, 60, 900n, 'acme/pod'), sample('h', 0, 60, 100n, 'globex/pod'), sample('i', 0, 60, 50n)],
    [hold('acme'), hold('globex')],
    ['acme 900', 'globex 100'],
  ],
  [
    'the exporter does not look: an equal share of each GPU',
    [sample('g', 0, 60, 900n), sample('h', 0, 60, 100n)],
    [hold('acme')],
    ['acme 500'],
  ],
  [
    'a claim, whose name no exporter knows, is on the GPUs of no other holder',
    [sample('g', 0, 60, 900n, 'acme/pod'), sample('h', 0, 60, 100n, 'globex/worker')],
    [hold('acme'), hold('globex')],
    ['acme 900', 'globex 100'],
  ],
  [
    'not measured to the end: a part, and said so',
    [sample('g', 0, 45, 900n)],
    [hold('acme'), hold('globex', 'full', 0, 30, 1)],
    ['acme 540 partly', 'globex 360'],
  ],
  [
    'named a moment after it began',
    [sample('g', 0, 15, 100n), sample('g', 15, 60, 300n, 'acme/pod')],
    [hold('acme', 'full', 0)],
    ['acme 400'],
  ],
  ['a sample beyond the window is cut', [sample('g', -30, 90, 1200n)], [hold('acme')], ['acme 600']],
  [
    'a profile of unknown weight is not guessed',
    [sample('g', 0, 60, 700n)],
    [hold('acme', '5g.50gb')],
    ['acme 0 partly'],
  ],
])('%s', (_, samples, held, expected) => {
  const parts = energyOf(samples, held, window);
  const lines = parts.map(
    ({ tenant, millijoules, complete }) => `${tenant} ${millijoules}${complete ? '' : ' partly'}`,
  );
  expect(lines.toSorted()).toEqual(expected);
});

test('nothing is drawn that was not measured, nothing is negative, and no order changes anything', () => {
  const samples = fc
    .uniqueArray(fc.constantFrom('g', 'h', 'i'), { minLength: 1 })
    .chain((gpus) =>
      fc.tuple(
        ...gpus.map((gpu) =>
          fc
            .tuple(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.subarray(['acme/pod', 'globex/pod']))
            .map(([millijoules, pods]) => sample(gpu, 0, 60, millijoules, ...pods)),
        ),
      ),
    );
  const holding = fc
    .tuple(
      fc.constantFrom('acme', 'globex', 'initech'),
      fc.constantFrom('full', '1g.10gb', '3g.40gb', 'ts4'),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 31, max: 60 }),
    )
    .map(([tenant, profile, from, to]) => hold(tenant, profile, from, to));
  fc.assert(
    fc.property(samples, fc.array(holding, { maxLength: 6 }), (measured, held) => {
      const parts = energyOf(measured, held, window);
      const drawn = measured.reduce((total, { millijoules }) => total + millijoules, 0n);
      expect(parts.every(({ millijoules }) => millijoules >= 0n)).toBe(true);
      expect(parts.reduce((total, { millijoules }) => total + millijoules, 0n) <= drawn).toBe(true);
      const again = energyOf(measured.toReversed(), held.toReversed(), window);
      const byName = (rows: typeof parts) =>
        rows.map((row) => `${row.tenant} ${row.meter} ${row.millijoules}`).toSorted();
      expect(byName(again)).toEqual(byName(parts));
    }),
  );
});
