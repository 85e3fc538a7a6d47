import { expect, test } from 'vitest';

import { kinds, type PriceBook } from '../../api/index.ts';
import { runPass, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { priceBookController } from './controller.ts';
import { unorderedTiers } from './decide.ts';

const store = storeForFile();

interface Sketch {
  readonly name: string;
  readonly version: number;
  readonly from: string;
  readonly perHour?: string;
  readonly models?: readonly string[];
}

function bookOf({ name, version, from, perHour = '2.50', models = ['NVIDIA-L4'] }: Sketch): PriceBook {
  const skus = models.map((model, index) => ({ name: `sku${index}`, match: { model }, perHour }));
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'PriceBook',
    metadata: { name, uid: name, generation: 1 },
    spec: { book: 'standard', version, currency: 'usd', effectiveFromTime: `${from}T00:00:00Z`, skus },
  };
}

async function conditionsOf(name: string, sketches: readonly Sketch[]): Promise<readonly string[]> {
  const world = sketches.map((sketch) => thing(kinds.PriceBook, bookOf(sketch)));
  const now = new Date('2026-06-01T00:00:00Z');
  const output = await runPass(priceBookController(store()), { world, key: { name }, now });
  expect(['success', 'requeue_after']).toContain(output.result.result);
  const conditions = output.get(kinds.PriceBook, { name })?.status?.conditions ?? [];
  return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

const a: Sketch = { name: 'a', version: 1, from: '2026-01-01' };

test.each<[string, string, readonly Sketch[], readonly string[]]>([
  ['the only version', 'a', [a], ['Ready=True InForce', 'Overlapping=False Distinct']],
  [
    'a later version is announced',
    'b',
    [a, { name: 'b', version: 2, from: '2026-07-01' }],
    ['Ready=True Scheduled', 'Overlapping=False Distinct'],
  ],
  [
    'an announced version changes nothing yet',
    'a',
    [a, { name: 'b', version: 2, from: '2026-07-01' }],
    ['Ready=True InForce', 'Overlapping=False Distinct'],
  ],
  [
    'a higher version is in force',
    'a',
    [a, { name: 'b', version: 2, from: '2026-05-01' }],
    ['Ready=True Superseded', 'Overlapping=False Distinct'],
  ],
  [
    'a higher version begins earlier',
    'a',
    [a, { name: 'b', version: 2, from: '2025-05-01' }],
    ['Ready=True Superseded', 'Overlapping=True NeverInForce'],
  ],
  [
    'two SKUs match the same',
    'a',
    [{ ...a, models: ['NVIDIA-L4', 'NVIDIA-L4'] }],
    ['Ready=False AmbiguousSKU', 'Overlapping=False Distinct', 'Stalled=True AmbiguousSKU'],
  ],
])('%s', async (_, name, sketches, expected) => {
  expect(await conditionsOf(name, sketches)).toEqual(expected);
});

test('a version is kept for ever: the same said again is fine, anything else is refused', async () => {
  await conditionsOf('a', [a]);
  expect(await conditionsOf('again', [{ ...a, name: 'again' }])).toContain('Ready=True InForce');
  expect(await conditionsOf('other', [{ ...a, name: 'other', perHour: '9.99' }])).toContain('Ready=False VersionTaken');
  const kept = await store().db.selectFrom('price_sku').select(['per_hour', 'unit_price', 'profile']).execute();
  expect(kept).toEqual([{ per_hour: '2.50', unit_price: '0.069444444444', profile: 'full' }]);
});

test.each([
  ['a flat price', [], []],
  ['one tier', [undefined], []],
  ['rising tiers', ['9', '10', undefined], []],
  ['two tiers that end alike', ['10', '10', undefined], ['sku']],
  ['falling tiers', ['10', '9', undefined], ['sku']],
  ['the one without an end is not the last', [undefined, '10'], ['sku']],
])('%s', (_, ends, expected) => {
  expect(unorderedTiers([{ name: 'sku', ends }])).toEqual(expected);
});
