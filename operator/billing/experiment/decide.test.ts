import { expect, test } from 'vitest';

import type { BillingPlan, PriceBook, PriceExperiment, Tenant } from '../../api/index.ts';
import { armOf, type ExperimentWorld, problemOf, takesPart } from './decide.ts';

const apiVersion = 'gpuoptimizer.io/v1alpha1';
const arms = [
  { name: 'control', book: 'standard', weight: 3 },
  { name: 'lower', book: 'lower', weight: 1 },
];
const spec: PriceExperiment['spec'] = {
  ...{ planRef: { name: 'gold' }, arms, startMonth: '2027-01', stopMonth: '2027-04' },
};
const experiment = (
  name: string,
  change: Partial<PriceExperiment['spec']> = {},
  made = '2026-12-01',
): PriceExperiment => ({
  ...{ apiVersion, kind: 'PriceExperiment', spec: { ...spec, ...change } },
  metadata: { name, uid: name, creationTimestamp: `${made}T00:00:00Z` },
});
const plan: BillingPlan = { apiVersion, kind: 'BillingPlan', metadata: { name: 'gold' }, spec: { book: 'standard' } };
const book = (name: string, version = 1, change: Partial<PriceBook['spec']> = {}): PriceBook => ({
  ...{ apiVersion, kind: 'PriceBook', metadata: { name: `${name}-${version}` } },
  spec: {
    ...{ book: name, version, currency: 'usd', effectiveFromTime: '2026-01-01T00:00:00Z' },
    skus: ['l4', 'h100'].map((sku) => ({ name: sku, match: { model: sku }, perHour: '2.50' })),
    ...change,
  },
});
const world = (change: Partial<ExperimentWorld> = {}): ExperimentWorld => ({
  ...{ plan, books: [book('standard'), book('lower')], others: [] },
  ...change,
});
const fewer = { skus: [{ name: 'l4', match: { model: 'l4' }, perHour: '2' }] };

test('an arm stays, and arms are had by their weights', () => {
  const tenants = Array.from({ length: 4000 }, (_, at) => `uid-${at}`);
  const given = tenants.map((uid) => armOf('e', uid, arms).name);
  expect(tenants.map((uid) => armOf('e', uid, arms).name)).toEqual(given);
  const lower = given.filter((name) => name === 'lower').length;
  // Four standard deviations of 4000 draws at a quarter.
  expect(Math.abs(lower - 1000)).toBeLessThan(110);
  const elsewhere = tenants.filter((uid) => armOf('f', uid, arms).name === 'lower');
  expect(elsewhere).not.toEqual(tenants.filter((_, at) => given[at] === 'lower'));
});

test.each<[string, Partial<Tenant['spec']>, string, boolean]>([
  ['at the beginning', {}, '2027-01-01T00:00:00Z', true],
  ['before it', {}, '2026-12-31T23:59:59Z', false],
  ['at the end', {}, '2027-04-01T00:00:00Z', false],
  ['on another plan', { planRef: { name: 'silver' } }, '2027-02-01T00:00:00Z', false],
  [
    'with a list of his own',
    { billing: { providerRef: { name: 'stripe' }, book: 'own' } },
    '2027-02-01T00:00:00Z',
    false,
  ],
])('a tenant made %s', (_, change, creationTimestamp, expected) => {
  const tenant: Tenant = {
    ...{ apiVersion, kind: 'Tenant', metadata: { name: 'acme', creationTimestamp } },
    spec: { selector: { namespaces: ['acme'] }, planRef: { name: 'gold' }, ...change },
  };
  expect(takesPart(spec, tenant)).toBe(expected);
});

test.each<[string, ExperimentWorld, string | undefined]>([
  ['nothing in the way', world(), undefined],
  ['no plan', world({ plan: undefined }), 'PlanMissing'],
  ['no list of an arm', world({ books: [book('standard')] }), 'BookMissing'],
  ['no list of the plan', world({ books: [book('lower')] }), 'BookMissing'],
  [
    'a list in another currency',
    world({ books: [book('standard'), book('lower', 1, { currency: 'eur' })] }),
    'CurrencyDiffers',
  ],
  ['a list with fewer SKUs', world({ books: [book('standard'), book('lower', 1, fewer)] }), 'SkusMissing'],
  [
    'a list whose newest version has them',
    world({ books: [book('standard'), book('lower', 1, fewer), book('lower', 2)] }),
    undefined,
  ],
  ['an older one of the plan', world({ others: [experiment('old', {}, '2026-11-01')] }), 'Overlaps'],
  ['a younger one of the plan', world({ others: [experiment('young', {}, '2026-12-02')] }), undefined],
  [
    'an older one of another plan',
    world({ others: [experiment('old', { planRef: { name: 'silver' } }, '2026-11-01')] }),
    undefined,
  ],
  [
    'an older one that has ended by then',
    world({
      others: [experiment('old', { startMonth: '2026-11', stopMonth: '2027-01' }, '2026-11-01')],
    }),
    undefined,
  ],
])('%s', (_, around, reason) => {
  const own = experiment('own');
  expect(problemOf(own, { ...around, others: [own, ...around.others] })?.reason).toBe(reason);
});
