import { changed, repeated, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'PriceBook',
  metadata: { name: 'sample-standard-1' },
  spec: {
    book: 'standard',
    version: 1,
    currency: 'usd',
    effectiveFromTime: '2026-01-01T00:00:00Z',
    skus: [{ name: 'h100', match: { model: 'NVIDIA-H100-80GB-HBM3', profile: 'full' }, perHour: '3.20' }],
  },
};
const immutable =
  'spec is immutable: a bill may already rest on it; create a new PriceBook with a higher version instead';

/** What a PriceBook takes and refuses. */
export const priceBooks: SampleTable = {
  kind: 'PriceBook',
  valid: [
    { name: 'one whole GPU', object: base },
    { name: 'a MIG slice', object: changed(base, { 'spec.skus.0.match.profile': '1g.10gb' }) },
    { name: 'a shared slot', object: changed(base, { 'spec.skus.0.match.profile': 'ts4' }) },
    { name: 'profile left out', object: changed(base, { 'spec.skus.0.match.profile': undefined }) },
    {
      name: 'prices in tiers',
      object: changed(base, {
        'spec.skus.0.perHour': undefined,
        'spec.skus.0.tiers': {
          mode: 'Graduated',
          steps: [{ upToSeconds: '3600000', perHour: '2.50' }, { perHour: '2.10' }],
        },
      }),
    },
    { name: 'a price of twelve places', object: changed(base, { 'spec.skus.0.perHour': '0.000000000001' }) },
  ],
  invalid: [
    {
      name: 'a flat price and tiers',
      object: changed(base, { 'spec.skus.0.tiers': { mode: 'Volume', steps: [{ perHour: '2.10' }] } }),
      says: 'spec.skus[0]: Invalid value',
    },
    {
      name: 'tiers that end',
      object: changed(base, {
        'spec.skus.0.perHour': undefined,
        'spec.skus.0.tiers': { mode: 'Volume', steps: [{ upToSeconds: '10', perHour: '2.10' }] },
      }),
      says: 'the last step, and it alone, has no upToSeconds',
    },
    {
      name: 'version zero',
      object: changed(base, { 'spec.version': 0 }),
      says: 'spec.version in body should be greater than or equal to 1',
    },
    {
      name: 'a currency in capitals',
      object: changed(base, { 'spec.currency': 'USD' }),
      says: "spec.currency in body should match '^[a-z]{3}$'",
    },
    {
      name: 'a price as a number',
      object: changed(base, { 'spec.skus.0.perHour': 3.2 }),
      says: 'spec.skus[0].perHour in body must be of type string: "number"',
    },
    {
      name: 'a negative price',
      object: changed(base, { 'spec.skus.0.perHour': '-1' }),
      says: 'spec.skus[0].perHour in body should match',
    },
    {
      name: 'a price of thirteen places',
      object: changed(base, { 'spec.skus.0.perHour': '0.0000000000001' }),
      says: 'spec.skus[0].perHour in body should match',
    },
    {
      name: 'a day instead of a time',
      object: changed(base, { 'spec.effectiveFromTime': '2026-01-01' }),
      says: 'spec.effectiveFromTime in body must be of type date-time: "2026-01-01"',
    },
    {
      name: 'no SKUs',
      object: changed(base, { 'spec.skus': [] }),
      says: 'spec.skus in body should have at least 1 items',
    },
    {
      name: 'one SKU twice',
      object: changed(base, {
        'spec.skus': repeated(2, () => ({ name: 'h100', match: { model: 'NVIDIA-L4' }, perHour: '1' })),
      }),
      says: 'spec.skus[1]: Duplicate value: {"name":"h100"}',
    },
    {
      name: 'a SKU name with a dash',
      object: changed(base, { 'spec.skus.0.name': 'h-100' }),
      says: "spec.skus[0].name in body should match '^[a-z0-9_]+$'",
    },
    {
      name: 'a book name too long',
      object: changed(base, { 'spec.book': 'b'.repeat(64) }),
      says: 'spec.book: Too long: may not be more than 63 bytes',
    },
  ],
  updates: [
    { name: 'the same again', from: base, to: base },
    { name: 'another price', from: base, to: changed(base, { 'spec.skus.0.perHour': '1.00' }), says: immutable },
    { name: 'another version', from: base, to: changed(base, { 'spec.version': 2 }), says: immutable },
  ],
};
