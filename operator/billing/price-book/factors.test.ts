import { expect, test } from 'vitest';

import type { PriceBook, PriceBookSpec } from '../../api/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { inForce, readVersions } from './factors.ts';
import { digestOf, keepVersion } from './repository.ts';

const store = storeForFile();
const plain: PriceBookSpec = {
  ...{ book: 'standard', version: 1, currency: 'usd', effectiveFromTime: '2026-01-01T00:00:00Z' },
  skus: [{ name: 'l4', match: { model: 'NVIDIA-L4' }, perHour: '2.50' }],
};
const book = (change: Partial<PriceBookSpec> = {}): PriceBook => ({
  ...{ apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'PriceBook', metadata: { name: 'standard' } },
  spec: { ...plain, ...change },
});

test('what a list says besides prices is kept with its version, and counts while it is in force', async () => {
  await keepVersion(store(), book({ idle: { split: 'Even' }, energy: { gco2PerKWh: 380, pue: '1.25' } }));
  await keepVersion(store(), book({ version: 2, effectiveFromTime: '2026-02-01T00:00:00Z' }));
  const versions = await readVersions(store());
  const at = (time: string) =>
    inForce(versions, Date.parse(time)).map(({ version, idle, energy }) => ({ version, idle, energy }));
  expect(at('2025-12-31T23:59:59Z')).toEqual([]);
  expect(at('2026-01-31T23:59:59Z')).toEqual([
    { version: 1, idle: { split: 'Even', scope: 'Node' }, energy: { gramsPerKWh: 380n, pue: 1_250_000_000_000n } },
  ]);
  expect(at('2026-02-01T00:00:00Z')).toEqual([{ version: 2, idle: undefined, energy: undefined }]);
});

test('the same version with another split or factor is another statement; the default said or left out is the same', () => {
  const digests = [
    book(),
    book({ idle: { split: 'Even' } }),
    book({ idle: { split: 'Even', scope: 'Cluster' } }),
    book({ energy: { gco2PerKWh: 380, pue: '1.3' } }),
    book({ energy: { gco2PerKWh: 381, pue: '1.3' } }),
  ].map(digestOf);
  expect(new Set(digests).size).toBe(5);
  expect(digestOf(book({ idle: { split: 'Even', scope: 'Node' } }))).toBe(digests[1]);
});
