import { afterEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { type BillingProvider, kinds } from '../../api/index.ts';
import { createLogger } from '../../observability/index.ts';
import { type PassOutput, runPass, type Thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { catalogController } from '../catalog/controller.ts';
import { customersController } from '../customer/controller.ts';
import { settleMonths } from '../fees/settle.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sendDue } from '../outbox/index.ts';
import { openProvider, payer, priced, provider, skuAt } from '../testing/catalog-world.ts';
import { sealWindow } from '../testing/ledger.ts';
import { MemoryMark } from '../testing/memory-mark.ts';
import { invoiceItemsController } from './controller.ts';

const store = storeForFile();
const begins = Date.parse('2026-01-10T00:00:00Z');
const hour = 3600;

let peer: StripePeer | undefined;
let now = begins;
afterEach(async () => {
  await peer?.close();
  peer = undefined;
  now = begins;
});

async function call(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const response = await fetch(`${peer?.url}/v1/${path}`, { headers: { authorization: 'Bearer sk_test_peer' } });
  expect(response.status).toBe(200);
  return JSON.parse(await response.text()).data;
}

async function control(route: string, body: object): Promise<void> {
  const response = await fetch(`${peer?.url}/_peer/${route}`, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

async function wait(until: string): Promise<void> {
  const seconds = (Date.parse(until) - now) / 1000;
  await control('clock', { advanceSeconds: seconds });
  now += seconds * 1000;
}

const sells = { mode: 'Test', fees: 'InvoiceItems' } as const;

async function pass(
  tenant: Thing | undefined,
  catalog: NonNullable<BillingProvider['spec']['catalog']> = sells,
): Promise<PassOutput> {
  const url = peer?.url ?? '';
  const deps = await openProvider(store(), url, ['l4']);
  const world = [...provider(url, { catalog }), ...(tenant === undefined ? [] : [tenant])];
  return await runPass(invoiceItemsController(deps), { world, key: { name: 'stripe' }, now: new Date(now) });
}

const reasonOf = (output: PassOutput): string | undefined =>
  output.get(kinds.BillingProvider, { name: 'stripe' })?.status?.conditions?.find(({ type }) => type === 'FeesSent')
    ?.reason;

/** The tenant with the customer and the subscription that were made for him on 10 January. */
async function sell(): Promise<Thing> {
  peer = await startStripePeer({ machineTime: () => begins, settings: { ratePerSecond: 100_000 } });
  await priced(store(), [skuAt('l4')]);
  const deps = await openProvider(store(), peer.url, ['l4']);
  const world = [...provider(peer.url), payer('acme')];
  await runPass(catalogController(deps), { world, key: { name: 'stripe' }, now: new Date(now) });
  const made = await runPass(customersController(deps), { world, key: { name: 'acme' }, now: new Date(now) });
  const status = made.get(kinds.Tenant, { name: 'acme' })?.status;
  expect(status?.subscriptionId).toMatch(/^sub_/);
  return payer('acme', { status });
}

/** On a plan of 49.00 a month and usage of 500.00 at least; seals the hour that ends then. */
async function sealed(until: string): Promise<void> {
  const term = { tenant: 'acme', started_at: '2026-01-01T00:00:00Z', plan: 'gold', currency: 'usd', maximum: null };
  await store()
    .db.insertInto('plan_term')
    .values({ ...term, fee: '4900', minimum: '50000' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const end = new Date(until);
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: new Date(end.getTime() - hour * 1000), window_end: end })
    .execute();
  await settleMonths(store());
}

/** Invoices of the subscription's months: when they end, how they stand, and what they come to. */
async function invoices(): Promise<readonly unknown[]> {
  const all = await call('invoices?limit=100');
  return all
    .filter(({ billing_reason }) => billing_reason === 'subscription_cycle')
    .map(({ period_end, status, total }) => [
      new Date(Number(period_end) * 1000).toISOString().slice(0, 10),
      status === 'draft' ? 'draft' : 'final',
      total,
    ])
    .toSorted();
}

test('a month is on the invoice that bills it, once', async () => {
  const tenant = await sell();
  expect(reasonOf(await pass(tenant))).toBe('AllSent');
  await wait('2026-02-01T00:10:00Z');
  expect(reasonOf(await pass(tenant))).toBe('AllSent');
  expect(await invoices()).toEqual([['2026-02-01', 'draft', 0]]);
  await sealed('2026-02-01T00:00:00Z');
  const output = await pass(tenant);
  expect([reasonOf(output), output.events]).toEqual(['AllSent', []]);
  await pass(tenant);
  expect(await invoices()).toEqual([['2026-02-01', 'draft', 54_900]]);
  await wait('2026-02-01T02:00:00Z');
  await pass(tenant);
  expect(await invoices()).toEqual([['2026-02-01', 'final', 54_900]]);
  const items = await call('invoiceitems?limit=100');
  expect(items.map(({ description, amount }) => [description, amount]).toSorted()).toEqual([
    ['Commitment, up to the minimum, 2026-01', 50_000],
    ['Plan fee, 2026-01', 4900],
  ]);
});

test.each([
  ['a minute', '2026-02-01T00:11:00Z'],
  ['a day, when idempotency keys are forgotten and the invoice is final', '2026-02-02T01:10:00Z'],
])('a process that is killed before it hears that an item was made makes it once, back after %s', async (_, back) => {
  const tenant = await sell();
  await pass(tenant);
  await wait('2026-02-01T00:10:00Z');
  await sealed('2026-02-01T00:00:00Z');
  await control('faults', { plan: [{ route: 'POST /v1/invoiceitems', nth: 1, fault: '500-after-accept' }] });
  expect(reasonOf(await pass(tenant))).toBe('FeesRefused');
  await wait(back);
  expect(reasonOf(await pass(tenant))).toBe('AllSent');
  expect(await call('invoiceitems?limit=100')).toHaveLength(2);
  const rows = await store().db.selectFrom('invoice_item').select(['kind', 'item']).orderBy('kind').execute();
  expect(rows).toEqual([
    { kind: 'fee', item: expect.stringMatching(/^ii_/) },
    { kind: 'minimum', item: expect.stringMatching(/^ii_/) },
  ]);
});

test('one that is refused holds up no other', async () => {
  const tenant = await sell();
  await pass(tenant);
  await wait('2026-02-01T00:10:00Z');
  await sealed('2026-02-01T00:00:00Z');
  await control('faults', { plan: [{ route: 'POST /v1/invoiceitems', nth: 1, fault: '500-before-accept' }] });
  const output = await pass(tenant);
  expect(reasonOf(output)).toBe('FeesRefused');
  expect(await invoices()).toEqual([['2026-02-01', 'draft', 50_000]]);
  expect(reasonOf(await pass(tenant))).toBe('AllSent');
  expect(await invoices()).toEqual([['2026-02-01', 'draft', 54_900]]);
});

test('what is settled after the invoice is final is told, and is on the next', async () => {
  const tenant = await sell();
  await pass(tenant);
  await wait('2026-02-01T03:00:00Z');
  await sealed('2026-02-01T00:00:00Z');
  const output = await pass(tenant);
  expect(output.events.map(({ reason }) => reason)).toEqual(['FeeLate', 'FeeLate']);
  expect(await invoices()).toEqual([['2026-02-01', 'final', 0]]);
  await wait('2026-03-01T00:10:00Z');
  await sealed('2026-03-01T00:00:00Z');
  await pass(tenant);
  expect(await invoices()).toEqual([
    ['2026-02-01', 'final', 0],
    ['2026-03-01', 'draft', 2 * 54_900],
  ]);
});

test('a tenant that is deleted owes his last month; one that is charged otherwise by then does not', async () => {
  const tenant = await sell();
  await pass(tenant);
  expect(reasonOf(await pass(undefined))).toBe('AllSent');
  await wait('2026-02-01T00:10:00Z');
  await sealed('2026-02-01T00:00:00Z');
  await pass(undefined);
  expect(await invoices()).toEqual([['2026-02-01', 'draft', 54_900]]);
  const billing = { providerRef: { name: 'other' }, book: 'standard' };
  await pass(payer('acme', { spec: { selector: { namespaces: ['acme'] }, billing } }));
  await wait('2026-03-01T00:10:00Z');
  await sealed('2026-03-01T00:00:00Z');
  await pass(undefined);
  expect(await call('invoiceitems?limit=100')).toHaveLength(2);
});

test('months that end before it was said first are left out, and a tenant who names his customer has his own', async () => {
  const tenant = await sell();
  await wait('2026-02-01T00:10:00Z');
  await sealed('2026-02-01T00:00:00Z');
  expect(reasonOf(await pass(tenant))).toBe('AllSent');
  expect(await call('invoiceitems?limit=100')).toEqual([]);
  await wait('2026-03-01T00:10:00Z');
  await sealed('2026-03-01T00:00:00Z');
  const billing = { providerRef: { name: 'stripe' }, book: 'standard', customerId: 'cus_1' };
  await pass(payer('acme', { spec: { selector: { namespaces: ['acme'] }, billing } }));
  await pass(tenant, { mode: 'Test' });
  expect(await call('invoiceitems?limit=100')).toEqual([]);
  await pass(tenant);
  expect(await call('invoiceitems?limit=100')).toHaveLength(2);
});

/** GPU-seconds of January that became known when its invoice was final; 0.1 cents each. */
async function late(start: string, quantity: bigint): Promise<void> {
  const window = await sealWindow(store(), start, quantity, { model: 'l4' });
  await store().fence.within((trx) => freezeSealed(trx, [window]));
  await store().db.updateTable('outbox').set({ state: 'LATE' }).where('usage_window_id', '=', window.id).execute();
}

async function charges(tenant: Thing): Promise<void> {
  const customer = Reflect.get(Object(Reflect.get(tenant.object, 'status')), 'customerId');
  const link = { tenant: 'acme', provider: 'stripe', customer: String(customer), book: 'standard' };
  await store().db.insertInto('customer_link').values(link).execute();
  const account = { provider: 'stripe', mode: 'test', account: 'acct_peer' };
  await store().db.insertInto('billing_account').values(account).execute();
}

test('late usage is on the next invoice, rounded once, and what it gives back too', async () => {
  const tenant = await sell();
  await charges(tenant);
  await pass(tenant);
  await wait('2026-02-01T03:00:00Z');
  await late('2026-01-20T05:00:00Z', 3604n);
  const output = await pass(tenant);
  expect([reasonOf(output), output.events.map(({ reason }) => reason)]).toEqual(['AllSent', ['UsageLate']]);
  await late('2026-01-20T06:00:00Z', 3604n);
  await control('faults', { plan: [{ route: 'POST /v1/invoiceitems', nth: 1, fault: '500-after-accept' }] });
  expect(reasonOf(await pass(tenant))).toBe('FeesRefused');
  await wait('2026-02-02T05:00:00Z');
  await pass(tenant);
  const amounts = async () => (await call('invoiceitems?limit=100')).map(({ amount }) => Number(amount)).toSorted();
  expect(await amounts()).toEqual([360, 361]);
  await late('2026-01-20T07:00:00Z', -600n);
  await pass(tenant);
  await pass(tenant);
  expect(await amounts()).toEqual([-60, 360, 361]);
  await wait('2026-03-01T00:10:00Z');
  expect(await invoices()).toEqual([
    ['2026-02-01', 'final', 0],
    ['2026-03-01', 'draft', 661],
  ]);
});

/** January's invoice over 549.00, final, as the mirror has it, of a plan that says CreditNote. */
async function creditable(): Promise<Thing> {
  const tenant = await sell();
  await charges(tenant);
  await pass(tenant);
  await wait('2026-02-01T00:10:00Z');
  await sealed('2026-02-01T00:00:00Z');
  await pass(tenant);
  await wait('2026-02-01T03:00:00Z');
  const [invoice] = (await call('invoices?limit=100')).filter(({ total }) => total === 54_900);
  const { id, customer, status } = { ...invoice };
  const amounts = { total: '54900', amount_due: '54900', amount_paid: '0', amount_remaining: '54900' };
  await store()
    .db.insertInto('invoice_mirror')
    .values({
      ...{ provider: 'stripe', invoice: String(id), customer: String(customer), status: String(status), ...amounts },
      ...{ subscription: 'sub_1', number: null, currency: 'usd', read_at: new Date(now) },
      ...{ period_start: '2026-01-01T00:00:00Z', period_end: '2026-02-01T00:00:00Z' },
    })
    .execute();
  await store().db.updateTable('customer_link').set({ corrections: 'CreditNote' }).execute();
  return tenant;
}

test('what is given back is credited on the final invoice, once, where it has so much left; else on the next', async () => {
  const tenant = await creditable();
  await late('2026-01-20T05:00:00Z', -600n);
  await control('faults', { plan: [{ route: 'POST /v1/credit_notes', nth: 1, fault: '500-after-accept' }] });
  expect(reasonOf(await pass(tenant))).toBe('FeesRefused');
  await wait('2026-02-02T05:00:00Z');
  const output = await pass(tenant);
  expect([reasonOf(output), output.events.map(({ reason }) => reason)]).toEqual(['AllSent', ['UsageCredited']]);
  const notes = async () => (await call('credit_notes?limit=100')).map(({ amount }) => amount);
  expect(await notes()).toEqual([60]);
  const forms = async () => {
    const rows = await store()
      .db.selectFrom('invoice_item')
      .select(['form', 'amount'])
      .where('kind', '=', 'late')
      .execute();
    return rows.map(({ form, amount }) => `${form} ${amount}`).toSorted();
  };
  expect(await forms()).toEqual(['CreditNote -60']);
  // The mirror does not know of the note yet: the provider itself says what is left.
  await late('2026-01-20T06:00:00Z', -548_500n);
  await pass(tenant);
  await late('2026-01-20T07:00:00Z', 1000n);
  await pass(tenant);
  expect(await notes()).toEqual([60]);
  expect(await forms()).toEqual(['CreditNote -60', 'InvoiceItem -54850', 'InvoiceItem 100']);
});

test('of an invoice that is paid, what is given back goes to the balance of the customer', async () => {
  const tenant = await creditable();
  const [{ id, customer } = {}] = (await call('invoices?limit=100')).filter(({ total }) => total === 54_900);
  const headers = { authorization: 'Bearer sk_test_peer', 'content-type': 'application/x-www-form-urlencoded' };
  const body = 'paid_out_of_band=true';
  const paid = await fetch(`${peer?.url}/v1/invoices/${String(id)}/pay`, { method: 'POST', headers, body });
  expect(paid.status).toBe(200);
  await late('2026-01-20T05:00:00Z', -600n);
  expect(reasonOf(await pass(tenant))).toBe('AllSent');
  const [note] = await call('credit_notes?limit=100');
  expect(note).toMatchObject({ amount: 60, pre_payment_amount: 0, post_payment_amount: 60 });
  const response = await fetch(`${peer?.url}/v1/customers/${String(customer)}`, { headers });
  expect(Reflect.get(Object(await response.json()), 'balance')).toBe(-60);
});

test('what credit pays of a month is on the invoice that bills it, once; what changes later is on the next', async () => {
  const tenant = await sell();
  await charges(tenant);
  const sends = { mode: 'Test', credits: 'InvoiceItems' } as const;
  await pass(tenant, sends);
  const grant = { tenant: 'acme', currency: 'usd', priority: 50, granted_at: '2026-01-15T00:00:00Z', expires_at: null };
  await store()
    .db.insertInto('credit_lot')
    .values([
      { ...grant, name: 'welcome', amount: '300' },
      { ...grant, name: 'more', amount: '100', priority: 60 },
    ])
    .execute();
  const used = async (start: string, quantity: bigint): Promise<void> => {
    const window = await sealWindow(store(), start, quantity, { model: 'l4' });
    await store().fence.within((trx) => freezeSealed(trx, [window]));
  };
  // Before the grant; in it; and in the next month, in which 45.6 cents are left.
  await used('2026-01-14T05:00:00Z', 3600n);
  await used('2026-01-20T05:00:00Z', 3544n);
  await used('2026-02-10T05:00:00Z', 3600n);
  await pass(tenant, sends);
  expect(await call('invoiceitems?limit=100')).toEqual([]);
  await wait('2026-02-01T00:10:00Z');
  await sealed('2026-02-01T00:00:00Z');
  expect(reasonOf(await pass(tenant, sends))).toBe('AllSent');
  await pass(tenant, sends);
  const items = async () =>
    (await call('invoiceitems?limit=100')).map(({ description, amount }) => `${description}: ${amount}`).toSorted();
  expect(await items()).toEqual(['Paid by credit, 2026-01: -354']);
  expect(await invoices()).toEqual([['2026-02-01', 'draft', -354]]);
  await used('2026-01-20T06:00:00Z', -544n);
  await wait('2026-03-01T00:10:00Z');
  await sealed('2026-03-01T00:00:00Z');
  await pass(tenant, sends);
  expect(await items()).toEqual([
    'Paid by credit, 2026-01: -354',
    'Paid by credit, 2026-01: 54',
    'Paid by credit, 2026-02: -100',
  ]);
});

test('down over the end of a month, and no webhook came: its invoice and the next together are what was used', async () => {
  const tenant = await sell();
  await charges(tenant);
  await store().db.updateTable('customer_link').set({ corrections: 'NextPeriod' }).execute();
  await pass(tenant);
  const { sinks } = await openProvider(store(), peer?.url ?? '', ['l4']);
  const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const deps = { store: store(), clock, log: createLogger({ level: 'silent' }), sinks, mark: new MemoryMark() };
  const use = async (...starts: readonly string[]): Promise<void> => {
    for (const start of starts) {
      const window = await sealWindow(store(), start, 3600n, { model: 'l4' });
      await store().fence.within((trx) => freezeSealed(trx, [window]));
    }
    for (let round = 0; round < 6; round += 1) await sendDue(deps, new AbortController().signal);
  };
  // Before the subscription's first second.
  await use('2026-01-09T22:00:00Z');
  await pass(tenant);
  await wait('2026-01-31T21:05:00Z');
  await use('2026-01-31T19:00:00Z', '2026-01-31T20:00:00Z');
  await wait('2026-02-02T10:00:00Z');
  await use('2026-01-31T21:00:00Z', '2026-01-31T22:00:00Z', '2026-01-31T23:00:00Z', '2026-02-01T00:00:00Z');
  expect(reasonOf(await pass(tenant))).toBe('AllSent');
  await wait('2026-03-01T02:00:00Z');
  expect(await invoices()).toEqual([
    ['2026-02-01', 'final', 360 + 720],
    ['2026-03-01', 'final', 1080 + 360],
  ]);
});
