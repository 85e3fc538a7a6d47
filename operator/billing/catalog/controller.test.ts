import { afterEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { type BillingProvider, kinds } from '../../api/index.ts';
import { type PassOutput, runPass } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { openProvider, payer, priced, provider, skuAt } from '../testing/catalog-world.ts';
import { catalogController } from './controller.ts';

const store = storeForFile();
const now = new Date('2026-06-01T00:00:00Z');

let peer: StripePeer | undefined;
afterEach(async () => {
  await peer?.close();
  peer = undefined;
});

/** Asks the peer as a person in the dashboard does. */
async function dashboard(path: string, form?: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await fetch(`${peer?.url}/v1/${path}`, {
    headers: { authorization: 'Bearer sk_test_peer' },
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  });
  expect(response.status).toBe(200);
  return JSON.parse(await response.text());
}

async function listed(
  path: string,
): Promise<readonly { readonly id?: unknown; readonly unit_amount_decimal?: unknown }[]> {
  const data: unknown = Reflect.get(Object(await dashboard(path)), 'data');
  return Array.isArray(data) ? data : [];
}

async function start(
  skus: readonly string[],
  spec: Partial<BillingProvider['spec']> = {},
): Promise<() => Promise<PassOutput>> {
  peer = await startStripePeer({ settings: { ratePerSecond: 100_000 } });
  const { url } = peer;
  await priced(
    store(),
    skus.map((name) => skuAt(name)),
  );
  const world = [...provider(url, spec), payer('acme')];
  // Each pass is one of a new process: nothing is remembered.
  return async () => {
    const deps = await openProvider(store(), url, skus);
    return await runPass(catalogController(deps), { world, key: { name: 'stripe' }, now });
  };
}

function conditionOf(output: PassOutput): string {
  const found = output.get(kinds.BillingProvider, { name: 'stripe' })?.status?.conditions;
  return found?.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`).join() ?? '';
}

test('products and prices are made once, at the amounts that rate usage', async () => {
  const pass = await start(['l4', 'a100']);
  for (let count = 0; count < 3; count += 1) {
    expect(conditionOf(await pass())).toMatch(/^CatalogInStep=(True CatalogComplete|False CatalogIncomplete)/);
  }
  expect(conditionOf(await pass())).toContain('the provider has all 2 prices');
  expect((await listed('products')).map(({ id }) => id).toSorted()).toEqual(['gpuopt_a100', 'gpuopt_l4']);
  const prices = await listed('prices?lookup_keys[]=gpuopt/standard/1/l4&lookup_keys[]=gpuopt/standard/1/a100');
  expect(prices.map(({ unit_amount_decimal }) => unit_amount_decimal)).toEqual(['0.1', '0.1']);
  expect(await listed('prices')).toHaveLength(2);
});

test('a lost answer makes no second object', async () => {
  const pass = await start(['l4']);
  const plan = ['POST /v1/products', 'POST /v1/prices'].map((route) => ({ route, nth: 1, fault: '500-after-accept' }));
  await fetch(`${peer?.url}/_peer/faults`, { method: 'POST', body: JSON.stringify({ plan }) });
  expect(conditionOf(await pass())).toContain('CatalogRefused');
  expect(conditionOf(await pass())).toContain('CatalogRefused');
  expect(conditionOf(await pass())).toContain('CatalogComplete');
  expect([(await listed('products')).length, (await listed('prices')).length]).toEqual([1, 1]);
});

test('of a long list, a pass makes twenty', async () => {
  const pass = await start(Array.from({ length: 45 }, (_, index) => `sku${index}`));
  const made: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    await pass();
    made.push((await listed('prices?limit=100')).length);
  }
  expect(made).toEqual([20, 40, 45]);
});

test.each<[string, string, (id: string) => readonly [string, Readonly<Record<string, string>>]]>([
  ['a price is archived', 'is archived; activate it', (id) => [`prices/${id}`, { active: 'false' }]],
  ['a price lost its key', 'has lost its lookup key', (id) => [`prices/${id}`, { lookup_key: '' }]],
  ['a product is archived', 'product gpuopt_l4 is archived', () => ['products/gpuopt_l4', { active: 'false' }]],
  [
    'the key was given to another price',
    'has other amounts',
    () => [
      'prices',
      {
        ...{ currency: 'usd', product: 'gpuopt_l4', unit_amount: '9', lookup_key: 'gpuopt/standard/1/l4' },
        ...{ transfer_lookup_key: 'true', 'recurring[interval]': 'month', 'recurring[usage_type]': 'metered' },
        'recurring[meter]': 'METER',
      },
    ],
  ],
])('%s: said, and not changed back', async (_, sentence, change) => {
  const pass = await start(['l4']);
  for (let count = 0; count < 2; count += 1) await pass();
  const [price] = await listed('prices');
  const [meter] = await listed('billing/meters');
  const [path, form] = change(String(price?.id));
  await dashboard(path, JSON.parse(JSON.stringify(form).replace('METER', String(meter?.id))));
  const before = [await listed('prices'), await listed('products')];
  const output = await pass();
  expect(conditionOf(output)).toContain('CatalogInStep=False CatalogDrifted');
  expect(conditionOf(output)).toContain(sentence);
  expect(output.events).toMatchObject([{ type: 'Warning', reason: 'CatalogDrifted' }]);
  expect([await listed('prices'), await listed('products')]).toEqual(before);
});

test('a provider that does not ask for it gets nothing, and a condition of before goes', async () => {
  const pass = await start(['l4'], { catalog: undefined });
  expect(conditionOf(await pass())).toBe('');
  expect(await listed('products')).toEqual([]);
});
