import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';

import { kinds, type UsageCorrection } from '../../api/index.ts';
import { type NewInterval, sealDue, writePlan } from '../../metering/testing/index.ts';
import { createLogger } from '../../observability/index.ts';
import { runPass, thing } from '../../runtime/testing/index.ts';
import { asOwner, storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { reconcileDue } from '../reconcile/reconcile.ts';
import { createSinks } from '../sinks/registry.ts';
import { seedPayer, seedPrices } from '../testing/ledger.ts';
import { MemorySink } from '../testing/memory-sink.ts';
import { verifyLedger } from '../verify/verify.ts';
import { usageCorrectionController } from './controller.ts';

const store = storeForFile();
const log = createLogger({ level: 'silent' });
const signal = new AbortController().signal;
const hour = '2026-01-01T00:00:00Z';
let now = 0;
const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
let sink: MemorySink;
let sinks = createSinks(clock);

async function hold(uid: string, from: string, to: string): Promise<void> {
  const device = { model: 'NVIDIA-L4', profile: 'full', meter: 'gpu_seconds__nvidia_l4__full', deviceKey: 'gpu' };
  const end = { at: Date.parse(to), estimated: false };
  const open: readonly NewInterval[] = [
    {
      ...device,
      uid,
      ...{ tenant: 'acme', namespace: 'a', pod: uid, node: 'n', units: 1 },
      openedAt: Date.parse(from),
      end,
    },
  ];
  await writePlan(store(), { open, close: [], release: [] }, now);
}

async function settle(): Promise<void> {
  const sealing = { windowSeconds: 3600, graceSeconds: 120, onSealed: freezeSealed };
  await sealDue({ store: store(), clock, ...sealing }, signal);
  await deliver();
}

/** What waits is sent; how is the sender's business. */
async function deliver(): Promise<void> {
  const rows = await store().db.selectFrom('outbox').selectAll().where('state', '=', 'PENDING').execute();
  for (const { id, identifier, event_name, customer, event_at, quantity } of rows) {
    const usage = { identifier, eventName: event_name, customer, timestamp: event_at.getTime() / 1000 };
    await sink.deliver({ ...usage, quantity: BigInt(quantity) });
    await store().db.updateTable('outbox').set({ state: 'ACCEPTED' }).where('id', '=', id).execute();
  }
}

/** Compares with the provider until what differs is decided. */
async function compare(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    now += 3_600_000;
    await reconcileDue({ store: store(), clock, log, sinks }, signal);
  }
}

/** One hour of one GPU is used, sealed, charged and sent. */
beforeEach(async () => {
  now = Date.parse('2026-01-01T03:10:00Z');
  sink = new MemorySink(() => now);
  sinks = createSinks(clock);
  sinks.set('stripe', sink, ['gpu_seconds__l4'], 1000, 0n);
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  await hold('a', hour, '2026-01-01T01:00:00Z');
  await settle();
});

type Change = Partial<UsageCorrection['spec']> & { readonly name?: string };

async function correct({ name = 'c', ...change }: Change = {}): Promise<UsageCorrection['status']> {
  const spec = {
    ...{ tenantRef: { name: 'acme' }, sku: 'l4', windowStartTime: hour, quantitySeconds: '-600' },
    ...{ reason: 'the node was down', approvedBy: 'cfo', ...change },
  };
  const object = {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'UsageCorrection',
    metadata: { name, uid: name },
    spec,
  };
  const world = [thing(kinds.UsageCorrection, object)];
  const output = await runPass(usageCorrectionController(store()), { world, key: { name }, now: new Date(now) });
  return output.get(kinds.UsageCorrection, { name })?.status;
}

async function reasonOf(change: Change): Promise<string | undefined> {
  return (await correct(change))?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}

async function ledger(): Promise<unknown> {
  const { db } = store();
  const windows = await db.selectFrom('usage_window').select(['revision', 'quantity']).orderBy('id').execute();
  const rows = await db.selectFrom('outbox').select(['state', 'quantity']).orderBy('id').execute();
  const journal = await sql<{ amount: string }>`SELECT sum(amount)::text AS amount FROM journal_entry
    WHERE account = 'accrued'`.execute(db);
  return {
    windows: windows.map(({ revision, quantity }) => `${revision}: ${quantity}`),
    rows: rows.map(({ state, quantity }) => `${state} ${quantity}`),
    accrued: Number(journal.rows[0]?.amount ?? 0),
  };
}

async function mismatches(): Promise<readonly string[]> {
  return (await verifyLedger(store())).mismatches.map(({ kind }) => kind);
}

test('less is used, charged, accrued and sent, once, and the ledger verifies', async () => {
  const status = await correct();
  expect(status).toMatchObject({
    revision: 2,
    identifier: expect.stringMatching(/^gm1_/),
    appliedTime: expect.any(String),
  });
  const expected = { windows: ['1: 3600', '2: -600'], rows: ['ACCEPTED 3600', 'PENDING -600'], accrued: 300 };
  expect(await ledger()).toEqual(expected);
  expect((await correct())?.identifier).toBe(status?.identifier);
  expect(await ledger()).toEqual(expected);
  await settle();
  expect(sink.billed).toBe(3000n);
  expect(await mismatches()).toEqual([]);
});

test('what the intervals say later comes on top of a correction', async () => {
  await correct();
  now += 60_000;
  await hold('late', '2026-01-01T00:30:00Z', '2026-01-01T00:40:00.500Z');
  await settle();
  expect(await ledger()).toMatchObject({ windows: ['1: 3600', '2: -600', '3: 600'] });
  expect(await mismatches()).toEqual([]);
});

test('usage that was never measured is added to a window in which there was none', async () => {
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: '2026-01-01T01:00:00Z', window_end: '2026-01-01T02:00:00Z' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const status = await correct({ windowStartTime: '2026-01-01T01:00:00Z', quantitySeconds: '60' });
  expect(status).toMatchObject({ revision: 1 });
  await settle();
  expect(sink.billed).toBe(3660n);
  expect(await mismatches()).toEqual([]);
});

test('a crash leaves nothing of it', async () => {
  const { fence } = store();
  const killed = {
    ...store(),
    fence: {
      ...fence,
      within: <T>(work: Parameters<typeof fence.within<T>>[0]) =>
        fence.within<T>(async (trx) => {
          await work(trx);
          throw new Error('killed');
        }),
    },
  };
  const before = await ledger();
  const object = thing(kinds.UsageCorrection, {
    ...{ apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'UsageCorrection', metadata: { name: 'c', uid: 'c' } },
    spec: {
      tenantRef: { name: 'acme' },
      sku: 'l4',
      windowStartTime: hour,
      quantitySeconds: '-600',
      reason: 'r',
      approvedBy: 'cfo',
    },
  });
  await runPass(usageCorrectionController(killed), { world: [object], key: { name: 'c' }, now: new Date(now) });
  expect(await ledger()).toEqual(before);
});

test.each<[string, Change, string]>([
  ['nobody approved it', { approvedBy: undefined }, 'AwaitingApproval'],
  ['nobody is charged under the name', { tenantRef: { name: 'nobody' } }, 'TenantUnknown'],
  ['no list has the SKU', { sku: 'h100' }, 'SKUUnknown'],
  ['no window begins there', { windowStartTime: '2026-01-01T00:30:00Z' }, 'WindowUnknown'],
  ['more than there is', { quantitySeconds: '-3601' }, 'BelowZero'],
  ['nothing is held', { quantitySeconds: '0', held: 'Send' }, 'NothingHeld'],
])('refused: %s', async (_, change, reason) => {
  const before = await ledger();
  expect(await reasonOf(change)).toBe(reason);
  expect(await ledger()).toEqual(before);
});

test('another correction of a name that was applied is refused, one of its own name adds up', async () => {
  await correct();
  expect(await reasonOf({ quantitySeconds: '-700' })).toBe('NameTaken');
  expect(await reasonOf({ name: 'd', quantitySeconds: '-3001' })).toBe('BelowZero');
  expect(await reasonOf({ name: 'd', quantitySeconds: '-3000' })).toBe('Applied');
  expect(await ledger()).toMatchObject({ windows: ['1: 3600', '2: -600', '3: -3000'], accrued: 0 });
});

test('held difference, the provider is right: the ledger takes its sum, and nothing is sent', async () => {
  sink.accepted.splice(0, 1);
  await compare();
  expect(await reasonOf({ quantitySeconds: '-600', held: 'Recorded' })).toBe('SumsDiffer');
  expect(await reasonOf({ quantitySeconds: '-3600', held: 'Recorded' })).toBe('Applied');
  expect(await ledger()).toEqual({
    windows: ['1: 3600', '2: -3600'],
    rows: ['ACCEPTED 3600', 'CONFIRMED -3600'],
    accrued: 0,
  });
  await compare();
  const drifts = await store().db.selectFrom('drift').select('state').execute();
  expect(drifts.map(({ state }) => state)).toEqual(['CLEARED']);
  expect(await mismatches()).toEqual([]);
});

test('held difference, the ledger is right: the difference is sent once', async () => {
  sink.accepted.splice(0, 1);
  await compare();
  for (let pass = 0; pass < 2; pass += 1)
    expect(await reasonOf({ quantitySeconds: '0', held: 'Send' })).toBe('Applied');
  await settle();
  await compare();
  expect(sink.billed).toBe(3600n);
  expect(await ledger()).toMatchObject({ rows: ['ACCEPTED 3600', 'ACCEPTED 3600'], accrued: 360 });
  const drifts = await store().db.selectFrom('drift').select('state').execute();
  expect(drifts.map(({ state }) => state)).toEqual(['CORRECTED']);
  expect(await mismatches()).toEqual([]);
});

test.each<['Recorded' | 'Send', string, bigint]>([
  ['Recorded', 'CONFIRMED 3600', 0n],
  ['Send', 'ACCEPTED 3600', 3600n],
])('a held row ends as the person says: %s', async (held, row, billed) => {
  sink.accepted.splice(0, 1);
  await store()
    .db.updateTable('outbox')
    .set({ state: 'HOLD', guard_from: new Date(0) })
    .execute();
  expect(await reasonOf({ quantitySeconds: '0', held })).toBe('Applied');
  await settle();
  expect(await ledger()).toMatchObject({ rows: [row] });
  expect(sink.billed).toBe(billed);
});

test.each<[string, ReturnType<typeof sql>]>([
  ['what the person said', sql`UPDATE usage_correction SET quantity = -601`],
  ['of whom', sql`UPDATE usage_correction SET tenant = 'globex'`],
])('verifying finds it changed: %s', async (_, change) => {
  await correct();
  await asOwner(store(), (trx) => change.execute(trx));
  expect(await mismatches()).toEqual(['correction']);
});

test('verifying finds a correction that nobody said', async () => {
  await correct();
  await asOwner(store(), (trx) => sql`DELETE FROM usage_correction`.execute(trx));
  expect(await mismatches()).toEqual(['sum']);
});

async function finalInvoice(): Promise<void> {
  const none = { total: '0', amount_due: '0', amount_paid: '0', amount_remaining: '0' };
  await store()
    .db.insertInto('invoice_mirror')
    .values({
      ...{ provider: 'stripe', invoice: 'in_1', customer: 'cus_acme', subscription: 'sub_1', number: null, ...none },
      ...{ status: 'paid', currency: 'usd', period_start: '2026-01-01T00:00:00Z', period_end: '2026-02-01T00:00:00Z' },
      read_at: new Date(now),
    })
    .execute();
}

test('the invoice is final: the plan says what is billed later, and the row knows it', async () => {
  await finalInvoice();
  expect(await reasonOf({})).toBe('InvoiceClosed');
  await store().db.updateTable('customer_link').set({ corrections: 'NextPeriod' }).execute();
  now += 60 * 86_400_000;
  expect((await correct())?.conditions).toMatchObject([{ reason: 'Applied' }]);
  expect(await ledger()).toMatchObject({ rows: ['ACCEPTED 3600', 'PENDING -600'], accrued: 300 });
  const rows = await store().db.selectFrom('outbox').select('corrections').orderBy('id').execute();
  expect(rows).toEqual([{ corrections: null }, { corrections: 'NextPeriod' }]);
  expect(await mismatches()).toEqual([]);
});

test('the invoice is final: what is held goes on the next when a person says that it was never billed', async () => {
  await finalInvoice();
  await store().db.updateTable('customer_link').set({ corrections: 'NextPeriod' }).execute();
  await store()
    .db.updateTable('outbox')
    .set({ state: 'HOLD', guard_from: new Date(now) })
    .execute();
  expect(await reasonOf({})).toBe('InvoiceClosed');
  expect(await reasonOf({ name: 'end', quantitySeconds: '0', held: 'Send' })).toBe('Applied');
  expect(await ledger()).toMatchObject({ rows: ['LATE 3600'] });
});
