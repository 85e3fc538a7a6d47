import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';

import { type CreditGrant, kinds } from '../../api/index.ts';
import { runPass, thing } from '../../runtime/testing/index.ts';
import { emptyTables, storeForFile } from '../../store/testing/index.ts';
import { billTable } from '../bill/bill-command.ts';
import { billPreview } from '../bill/preview.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { creditGrantController } from './controller.ts';
import { settleCredits } from './settle.ts';

const store = storeForFile();
const granted = Date.parse('2026-01-01T00:00:00Z');
const hour = 3_600_000;

/** A GPU-second costs a tenth of a cent. */
beforeEach(async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
});

type Change = Partial<CreditGrant['spec']>;

async function grant(name: string, change: Change = {}, now = granted): Promise<CreditGrant['status']> {
  const spec = { tenantRef: { name: 'acme' }, amount: '1.00', currency: 'usd', ...change };
  const apiVersion = 'gpuoptimizer.io/v1alpha1';
  const world = [
    thing(kinds.CreditGrant, { apiVersion, kind: 'CreditGrant', metadata: { name, uid: name }, spec }),
    thing(kinds.Tenant, {
      ...{ apiVersion, kind: 'Tenant', metadata: { name: 'acme', uid: 'acme' } },
      spec: { selector: { namespaces: ['acme'] } },
    }),
  ];
  const output = await runPass(creditGrantController(store()), { world, key: { name }, now: new Date(now) });
  return output.get(kinds.CreditGrant, { name })?.status;
}

async function use(index: number, quantity: bigint, revision = 1): Promise<void> {
  const window = await sealWindow(store(), new Date(granted + index * hour).toISOString(), quantity, { revision });
  await store().fence.within((trx) => freezeSealed(trx, [window]));
}

async function sealThrough(index: number): Promise<void> {
  const window_end = new Date(granted + index * hour);
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: new Date(granted), window_end })
    .execute();
}

/** Balances of the accounts in cents; every transaction must add up to nothing. */
async function balances(): Promise<Readonly<Record<string, number>>> {
  const { rows: odd } = await sql`SELECT tx FROM journal_entry GROUP BY tx HAVING sum(amount) <> 0`.execute(store().db);
  expect(odd).toEqual([]);
  const { rows } = await sql<{ account: string; amount: string }>`SELECT account, sum(amount)::text AS amount
    FROM journal_entry GROUP BY account HAVING sum(amount) <> 0`.execute(store().db);
  return Object.fromEntries(rows.map(({ account, amount }) => [account, Number(amount)]));
}

const reasonOf = (status: CreditGrant['status']): string | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready')?.reason;

test('a grant is posted once, and falls with what is charged', async () => {
  for (let pass = 0; pass < 2; pass += 1) expect(await grant('a')).toMatchObject({ remaining: '1.00' });
  expect(await balances()).toEqual({ wash: 100, prepaid: -100 });
  await use(0, 300n);
  for (let pass = 0; pass < 2; pass += 1) await settleCredits(store(), granted + hour);
  expect(await balances()).toEqual({ wash: 100, prepaid: -70, earnings: -30 });
  expect(await grant('a', {}, granted + hour)).toMatchObject({
    remaining: '0.70',
    grantedTime: '2026-01-01T00:00:00Z',
  });
  await use(1, 9000n);
  await settleCredits(store(), granted + hour);
  expect(reasonOf(await grant('a'))).toBe('Spent');
  expect(await balances()).toEqual({ wash: 100, earnings: -930, accrued: 830 });
});

test('what is left lapses once the hours before the expiry are sealed, and usage told late is still taken from it', async () => {
  const change = { expiresTime: '2026-01-01T02:00:00Z' };
  await grant('a', change);
  await use(0, 300n);
  await use(2, 9000n);
  await settleCredits(store(), granted + 3 * hour);
  expect(await balances()).toMatchObject({ prepaid: -70 });
  await sealThrough(2);
  await settleCredits(store(), granted + 2 * hour - 1);
  expect(await balances()).toMatchObject({ prepaid: -70 });
  for (let pass = 0; pass < 2; pass += 1) await settleCredits(store(), granted + 3 * hour);
  expect(await balances()).toEqual({ wash: 100, breakage: -70, earnings: -930, accrued: 900 });
  expect(reasonOf(await grant('a', change, granted + 3 * hour))).toBe('Expired');
  await use(0, 100n, 2);
  await settleCredits(store(), granted + 3 * hour);
  expect(await balances()).toEqual({ wash: 100, breakage: -60, earnings: -940, accrued: 900 });
});

test('a correction that takes usage back fills the credit again', async () => {
  await grant('a');
  await use(0, 1000n);
  await settleCredits(store(), granted + hour);
  await use(0, -400n, 2);
  await settleCredits(store(), granted + hour);
  expect(await grant('a')).toMatchObject({ remaining: '0.40' });
});

test.each<[string, Change, string]>([
  ['there is no such tenant', { tenantRef: { name: 'nobody' } }, 'TenantMissing'],
  ['the name said something else', { amount: '2.00' }, 'NameTaken'],
])('refused: %s', async (_, change, reason) => {
  await grant('a');
  expect(reasonOf(await grant('a', change))).toBe(reason);
  expect(await balances()).toEqual({ wash: 100, prepaid: -100 });
});

test('whenever passes run between charges that come in any order, the lots end the same', async () => {
  const steps = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 });
  const ends = new Set<string>();
  const run = async (order: readonly number[], passes: readonly boolean[]): Promise<void> => {
    await emptyTables(store());
    await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
    await seedPayer(store());
    await grant('a', { amount: '0.50', expiresTime: '2026-01-01T03:00:00Z' });
    await grant('b', { amount: '0.70', priority: 60 });
    await sealThrough(6);
    for (const [place, index] of order.entries()) {
      await use(index, 150n + BigInt(index) * 10n);
      if (passes[place] === true) await settleCredits(store(), granted + 9 * hour);
    }
    await settleCredits(store(), granted + 9 * hour);
    ends.add(JSON.stringify(await balances()));
    const lots = await store()
      .db.selectFrom('credit_lot')
      .select(['name', 'drawn', 'lapsed'])
      .orderBy('name')
      .execute();
    ends.add(JSON.stringify(lots));
  };
  await fc.assert(fc.asyncProperty(steps, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), run), { numRuns: 8 });
  expect(ends.size).toBe(2);
});

test('the preview shows what credit pays of the period', async () => {
  await grant('welcome');
  await use(0, 300n);
  await use(1, 9000n);
  const answer = await billPreview.read(store(), { tenant: 'acme' }, granted + 9 * hour);
  expect(answer.payable).toEqual([{ currency: 'usd', amount: '8.30', exactMinor: '830.000000000000' }]);
  expect(billTable(answer).split('\n').slice(-4)).toEqual([
    'Total: 9.30 usd',
    'Credit welcome: -1.00 usd',
    'Payable: 8.30 usd',
    '',
  ]);
});
