import { afterEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { kinds, type Tenant } from '../../api/index.ts';
import { type PassOutput, runPass, type Thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { catalogController } from '../catalog/controller.ts';
import { createSinks } from '../sinks/registry.ts';
import { openProvider, payer, priced, provider, skuAt } from '../testing/catalog-world.ts';
import { customersController } from './controller.ts';

const store = storeForFile();
const now = new Date('2026-06-01T00:00:00Z');
const CUSTOMERS = 'POST /v1/customers';
const SUBSCRIPTIONS = 'POST /v1/subscriptions';

let peer: StripePeer | undefined;
afterEach(async () => {
  await peer?.close();
  peer = undefined;
});

async function call(path: string, form?: Readonly<Record<string, string>>, method = 'POST'): Promise<unknown> {
  const response = await fetch(`${peer?.url}/v1/${path}`, {
    headers: { authorization: 'Bearer sk_test_peer' },
    ...(form && { method, body: new URLSearchParams(form) }),
  });
  expect(response.status).toBe(200);
  return JSON.parse(await response.text());
}

async function control(route: string, body: object): Promise<void> {
  const response = await fetch(`${peer?.url}/_peer/${route}`, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

async function ids(path: string): Promise<readonly string[]> {
  const data: unknown = Reflect.get(Object(await call(path)), 'data');
  return Array.isArray(data) ? data.map(({ id }) => String(id)) : [];
}

const made = async () => ({ customers: await ids('customers'), subscriptions: await ids('subscriptions?status=all') });

/** A pass of a new process, over the tenant as `status` says. */
async function pass(tenant: Thing, spec: Parameters<typeof provider>[1] = {}): Promise<PassOutput> {
  const url = peer?.url ?? '';
  const deps = await openProvider(store(), url, ['l4']);
  const world = [...provider(url, spec), tenant];
  return await runPass(customersController(deps), { world, key: { name: 'acme' }, now });
}

async function sell(): Promise<void> {
  peer = await startStripePeer({ settings: { ratePerSecond: 100_000 } });
  await priced(store(), [skuAt('l4')]);
  const deps = await openProvider(store(), peer.url, ['l4']);
  await runPass(catalogController(deps), {
    world: [...provider(peer.url), payer('acme')],
    key: { name: 'stripe' },
    now,
  });
}

const statusOf = (output: PassOutput): Tenant['status'] => output.get(kinds.Tenant, { name: 'acme' })?.status;
const reasonOf = (output: PassOutput): string | undefined => statusOf(output)?.conditions?.[0]?.reason;

test('a tenant gets one customer and one subscription, which begins anew with the month', async () => {
  await sell();
  const first = await pass(payer('acme'));
  expect(reasonOf(first)).toBe('Subscribed');
  const { customers, subscriptions } = await made();
  expect(statusOf(first)).toMatchObject({ customerId: customers[0], subscriptionId: subscriptions[0] });
  const second = await pass(payer('acme', { status: statusOf(first) }));
  expect(reasonOf(second)).toBe('Subscribed');
  expect(await made()).toEqual({ customers: [expect.any(String)], subscriptions: [expect.any(String)] });
  const subscription = await call(`subscriptions/${subscriptions[0]}`);
  const anchor = Number(Reflect.get(Object(subscription), 'billing_cycle_anchor'));
  expect(new Date(anchor * 1000).toISOString()).toMatch(/-01T00:00:00.000Z$/);
});

test.each([
  ['the answer about the customer', [CUSTOMERS], 60],
  ['the answer about the subscription', [SUBSCRIPTIONS], 60],
  ['both answers, and a day passes', [CUSTOMERS, SUBSCRIPTIONS], 25 * 3600],
])('nothing is made twice when a process is killed before it hears %s', async (_, routes, advanceSeconds) => {
  await sell();
  await control('faults', { plan: routes.map((route) => ({ route, nth: 1, fault: '500-after-accept' })) });
  for (let count = 0; count < 2 * routes.length; count += 1) {
    expect(['CustomerRefused', 'Subscribed']).toContain(reasonOf(await pass(payer('acme'))));
    await control('clock', { advanceSeconds });
  }
  expect(reasonOf(await pass(payer('acme')))).toBe('Subscribed');
  expect(await made()).toEqual({ customers: [expect.any(String)], subscriptions: [expect.any(String)] });
});

test('a namesake of another uid is another customer', async () => {
  await sell();
  await pass(payer('acme'));
  await pass(payer('acme', { metadata: { name: 'acme', uid: 'later', generation: 1 } }));
  expect((await made()).customers).toHaveLength(2);
});

test.each<[string, string, (status: Tenant['status']) => Promise<unknown>]>([
  [
    'the customer is deleted',
    'CustomerDeleted',
    async (status) => await call(`customers/${status?.customerId}`, {}, 'DELETE'),
  ],
  [
    'the subscription is cancelled',
    'SubscriptionEnded',
    async (status) => await call(`subscriptions/${status?.subscriptionId}`, {}, 'DELETE'),
  ],
  ['a new version of the list', 'SubscriptionDiffers', async () => await sellAnew()],
])('%s: said, and nothing is made again', async (_, reason, change) => {
  await sell();
  const status = statusOf(await pass(payer('acme')));
  await change(status);
  const before = await made();
  const output = await pass(payer('acme', { status }));
  expect(reasonOf(output)).toBe(reason);
  expect(output.events).toMatchObject([{ type: 'Warning', reason: 'CustomerDrifted' }]);
  expect(statusOf(output)).toMatchObject({ customerId: status?.customerId, subscriptionId: status?.subscriptionId });
  expect(await made()).toEqual(before);
});

async function sellAnew(): Promise<void> {
  await priced(store(), [skuAt('l4', '7.20')], 2);
  const deps = await openProvider(store(), peer?.url ?? '', ['l4']);
  const world = [...provider(peer?.url ?? ''), payer('acme')];
  await runPass(catalogController(deps), { world, key: { name: 'stripe' }, now });
}

test.each<[string, Thing, Parameters<typeof provider>[1], string | undefined]>([
  ['a provider without a catalog', payer('acme'), { catalog: undefined }, 'CatalogNotSet'],
  [
    'a customer that is named',
    payer('acme', {
      spec: {
        selector: { namespaces: ['acme'] },
        billing: { providerRef: { name: 'stripe' }, book: 'standard', customerId: 'cus_1' },
      },
    }),
    {},
    undefined,
  ],
  [
    'a list of no version',
    payer('acme', {
      spec: { selector: { namespaces: ['acme'] }, billing: { providerRef: { name: 'stripe' }, book: 'none' } },
    }),
    {},
    'ListMissing',
  ],
  [
    'a tenant that is being deleted',
    payer('acme', {
      metadata: { name: 'acme', uid: 'uid-acme', deletionTimestamp: '2026-06-01T00:00:00Z', finalizers: ['x/y'] },
    }),
    {},
    undefined,
  ],
])('nobody is made for %s', async (_, tenant, spec, reason) => {
  await sell();
  expect(reasonOf(await pass(tenant, spec))).toBe(reason);
  expect(await made()).toEqual({ customers: [], subscriptions: [] });
});

test.each([
  ['is not Ready', 'False', 'ProviderNotReady'],
  ['was Ready before this process began', 'True', undefined],
] as const)('while the provider is not open: one that %s', async (_, status, reason) => {
  const said = { reason: 'Said', message: '', lastTransitionTime: '2026-06-01T00:00:00Z', observedGeneration: 1 };
  const [thing, secret] = provider('http://127.0.0.1:1');
  if (thing === undefined || secret === undefined) throw new Error('a provider and its Secret');
  const object = { ...thing.object, status: { conditions: [{ type: 'Ready', status, ...said }] } };
  const sinks = createSinks({ now: () => 0, monotonic: () => 0, sleep: async () => undefined });
  const deps = { store: store(), sinks, operatorNamespace: 'gpuopt-system' };
  const world = [{ ...thing, object }, secret, payer('acme')];
  const output = await runPass(customersController(deps), { world, key: { name: 'acme' }, now });
  expect(reasonOf(output)).toBe(reason);
});
