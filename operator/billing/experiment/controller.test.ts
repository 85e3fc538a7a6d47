import { expect, test } from 'vitest';

import { kinds, type PriceExperiment, type Tenant } from '../../api/index.ts';
import { type PassOutput, runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { billingLinksController } from '../links.ts';
import { priceExperimentController } from './controller.ts';

const store = storeForFile();
const apiVersion = 'gpuoptimizer.io/v1alpha1';
const now = new Date('2027-02-01T00:00:00Z');

const plan = thing(kinds.BillingPlan, {
  ...{ apiVersion, kind: 'BillingPlan', metadata: { name: 'gold', uid: 'plan' }, spec: { book: 'standard' } },
});
const book = (name: string): Thing =>
  thing(kinds.PriceBook, {
    ...{ apiVersion, kind: 'PriceBook', metadata: { name: `${name}-1`, uid: `book-${name}` } },
    spec: {
      ...{ book: name, version: 1, currency: 'usd', effectiveFromTime: '2026-01-01T00:00:00Z' },
      skus: [{ name: 'l4', match: { model: 'L4' }, perHour: '2.50' }],
    },
  });
const experiment = (status?: PriceExperiment['status']): Thing =>
  thing(kinds.PriceExperiment, {
    ...{ apiVersion, kind: 'PriceExperiment', metadata: { name: 'spring', uid: 'e1', generation: 1 } },
    spec: {
      planRef: { name: 'gold' },
      arms: [
        { name: 'high', book: 'high', weight: 1 },
        { name: 'low', book: 'low', weight: 1 },
      ],
      startMonth: '2027-01',
    },
    status,
  });
const tenant = (name: string, change: Partial<Tenant> = {}, made = '2027-01-10T00:00:00Z'): Thing =>
  thing(kinds.Tenant, {
    ...{ apiVersion, kind: 'Tenant', metadata: { name, uid: `uid-${name}`, generation: 1, creationTimestamp: made } },
    spec: {
      selector: { namespaces: [name] },
      planRef: { name: 'gold' },
      billing: { providerRef: { name: 'stripe' }, customerId: `cus_${name}` },
    },
    ...change,
  });
const lists = [plan, book('standard'), book('high'), book('low')];

async function pass(...things: readonly Thing[]): Promise<PassOutput> {
  const world = [...lists, ...things];
  return await runPass(priceExperimentController(store()), { world, key: { name: 'spring' }, now });
}

const given = (output: PassOutput, name: string) => output.get(kinds.Tenant, { name })?.status?.priceExperiment;
const statusOf = (output: PassOutput) => output.get(kinds.PriceExperiment, { name: 'spring' })?.status;

/** The price list by which a tenant is charged after a pass of the links. */
async function charged(...things: readonly Thing[]): Promise<Readonly<Record<string, string>>> {
  await runPass(billingLinksController(store()), { world: [...lists, ...things], now });
  const links = await store().db.selectFrom('customer_link').select(['tenant', 'book']).execute();
  return Object.fromEntries(links.map((link) => [link.tenant, link.book]));
}

test('new tenants get an arm each, keep it, and are charged by its list', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const first = await pass(
    experiment(),
    ...names.map((name) => tenant(name)),
    tenant('old', {}, '2026-12-31T00:00:00Z'),
  );
  expect(statusOf(first)).toMatchObject({
    tenantCount: 6,
    arms: [{ name: 'high' }, { name: 'low' }],
    conditions: [{ type: 'Ready', status: 'True', reason: 'Running' }],
  });
  const arms = names.map((name) => given(first, name));
  expect(new Set(arms.map((arm) => arm?.book))).toEqual(new Set(['high', 'low']));
  expect(given(first, 'old')).toBeUndefined();

  const known = names.map((name, at) => tenant(name, { status: { priceExperiment: arms[at] } }));
  const again = await pass(experiment(), ...known);
  expect(again.acts.filter(({ act, key }) => act === 'applyStatus' && key !== 'spring')).toEqual([]);
  // Whose status was lost gets what the table has.
  expect(given(await pass(experiment(), tenant('a')), 'a')).toEqual(arms[0]);

  const books = Object.fromEntries(names.map((name, at) => [name, arms[at]?.book]));
  expect(await charged(experiment(statusOf(first)), ...known)).toEqual(books);
  // The experiment is deleted, and nobody's prices change.
  expect(await charged(...known)).toEqual(books);
});

test('while it runs, a tenant without an arm is charged by nobody; who is charged already takes no part', async () => {
  const running = experiment({ conditions: statusOf(await pass(experiment()))?.conditions });
  expect(await charged(running, tenant('a'))).toEqual({});
  expect(await charged(experiment(), tenant('a'))).toEqual({ a: 'standard' });
  const output = await pass(running, tenant('a'), tenant('b', { status: { subscriptionId: 'sub_1' } }));
  expect([given(output, 'a'), given(output, 'b')]).toEqual([
    { name: 'spring', plan: 'gold' },
    { name: 'spring', plan: 'gold' },
  ]);
  expect(statusOf(output)).toMatchObject({ tenantCount: 0 });
  const said = tenant('a', { status: { priceExperiment: given(output, 'a') } });
  expect(await charged(running, said)).toEqual({ a: 'standard' });
});

test('an experiment that cannot run gives nobody an arm, and whoever has one keeps it', async () => {
  const first = await pass(experiment(), tenant('a'));
  const world = [plan, book('standard'), book('high'), experiment(), tenant('a'), tenant('b')];
  const output = await runPass(priceExperimentController(store()), { world, key: { name: 'spring' }, now });
  expect(statusOf(output)).toMatchObject({
    tenantCount: 1,
    conditions: [{ status: 'False', reason: 'BookMissing' }, { type: 'Stalled' }],
  });
  expect([given(output, 'a'), given(output, 'b')]).toEqual([given(first, 'a'), undefined]);
});

test('an arm holds on its plan only', async () => {
  const arm = { name: 'spring', plan: 'silver', arm: 'low', book: 'low' };
  expect(await charged(tenant('a', { status: { priceExperiment: arm } }))).toEqual({ a: 'standard' });
});

test.each([
  ['of an experiment that went before', 'winter'],
  ['of one that was deleted and made again under its name, or that the table has lost', 'spring'],
])('an arm %s stays, also of a tenant who is charged', async (_, name) => {
  const arm = { name, plan: 'gold', arm: 'low', book: 'low' };
  const known = tenant('a', { status: { priceExperiment: arm, subscriptionId: 'sub_1' } });
  const output = await pass(experiment(), known);
  expect(given(output, 'a')).toEqual(arm);
  expect(await charged(experiment(), known)).toEqual({ a: 'low' });
});
