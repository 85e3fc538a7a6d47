import { expect, test } from 'vitest';

import { createRegistry } from '../../observability/index.ts';
import { runPass } from '../../runtime/testing/index.ts';
import type { Store } from '../../store/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { monthsController } from './controller.ts';
import { settleMonths } from './settle.ts';

const store = storeForFile();

async function settle(sealed: string): Promise<void> {
  const end = new Date(sealed);
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: new Date(end.getTime() - 3_600_000), window_end: end })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const output = await runPass(monthsController(store(), createRegistry()), { world: [], now: end });
  expect(output.result).toMatchObject({ result: 'success' });
}

async function postings({ db }: Store): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('journal_tx as t')
    .innerJoin('journal_entry as e', 'e.tx', 't.id')
    .select(['t.key', 't.occurred_at', 'e.amount'])
    .where('e.account', '=', 'accrued')
    .where('t.key', 'not like', 'charge/%')
    .orderBy('t.id')
    .execute();
  return rows.map(
    ({ key, occurred_at, amount }) => `${key} ${occurred_at.toISOString().slice(0, 10)} ${Number(amount)}`,
  );
}

interface Row {
  readonly at: string;
  readonly tenant?: string;
  readonly plan: string | null;
  readonly fee?: string;
  readonly minimum?: string;
}

async function held(...rows: readonly Row[]): Promise<void> {
  const values = rows.map(({ at, tenant = 'acme', plan, fee = '0', minimum }) => ({
    ...{ tenant, plan, started_at: `2026-${at}T00:00:00Z`, maximum: null, minimum: minimum ?? null },
    ...(plan === null ? { currency: null, fee: null } : { currency: 'usd', fee }),
  }));
  await store().db.insertInto('plan_term').values(values).execute();
}

async function used(start: string, quantity: bigint, revision = 1): Promise<void> {
  const window = await sealWindow(store(), start, quantity, { revision });
  await store().fence.within((trx) => freezeSealed(trx, [window]));
}

test('nothing is posted before a month is sealed whole, and everything once after', async () => {
  await held(
    { at: '01-16', plan: 'gold', fee: '3100', minimum: '31000' },
    { at: '01-16', tenant: 'globex', plan: 'silver', fee: '620' },
  );
  await settle('2026-01-31T23:00:00Z');
  expect(await postings(store())).toEqual([]);
  const january = [
    'fee/acme/2026-01/usd/0 2026-02-01 1600',
    'minimum/acme/2026-01/usd/0 2026-02-01 16000',
    'fee/globex/2026-01/usd/0 2026-02-01 320',
  ];
  await settle('2026-02-01T00:00:00Z');
  expect(await postings(store())).toEqual(january);
  await settle('2026-02-01T00:00:00Z');
  await settle('2026-02-28T23:00:00Z');
  expect(await postings(store())).toEqual(january);
});

test('two passes at once post a month once, and one that is killed leaves nothing of a tenant by halves', async () => {
  await held({ at: '01-01', plan: 'gold', fee: '100', minimum: '500' }, { at: '02-01', plan: null });
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: '2026-01-31T23:00:00Z', window_end: '2026-02-01T00:00:00Z' })
    .execute();
  const { fence } = store();
  const killing: Store = {
    ...store(),
    fence: {
      ...fence,
      within: (work) =>
        fence.within(async (trx) => {
          await work(trx);
          throw new Error('killed');
        }),
    },
  };
  await expect(settleMonths(killing)).rejects.toThrow('killed');
  expect(await postings(store())).toEqual([]);
  await Promise.all([settleMonths(store()), settleMonths(store())]);
  expect(await postings(store())).toEqual([
    'fee/acme/2026-01/usd/0 2026-02-01 100',
    'minimum/acme/2026-01/usd/0 2026-02-01 500',
  ]);
});

test('months that passed while nobody looked are all posted, and a plan that was left is not', async () => {
  await held({ at: '01-01', plan: 'gold', fee: '100' }, { at: '06-01', plan: null });
  await settle('2026-08-15T00:00:00Z');
  expect(await postings(store())).toEqual(
    [1, 2, 3, 4, 5].map((month) => `fee/acme/2026-0${month}/usd/0 2026-0${month + 1}-01 100`),
  );
});

test('usage that is known late changes what lacks of the minimum, each time by the difference', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  await held({ at: '01-01', plan: 'gold', fee: '100', minimum: '500' });
  await used('2026-01-10T00:00:00Z', 1000n);
  await settle('2026-02-01T00:00:00Z');
  await used('2026-01-10T00:00:00Z', 3000n, 2);
  await settle('2026-02-02T00:00:00Z');
  await settle('2026-02-03T00:00:00Z');
  await used('2026-01-10T00:00:00Z', 5000n, 3);
  await settle('2026-02-04T00:00:00Z');
  expect(await postings(store())).toEqual([
    'fee/acme/2026-01/usd/0 2026-02-01 100',
    'minimum/acme/2026-01/usd/0 2026-02-01 400',
    'minimum/acme/2026-01/usd/1 2026-02-01 -300',
    'minimum/acme/2026-01/usd/2 2026-02-01 -100',
  ]);
});

test('a month that ended more than 62 days ago stays as it was settled', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
  await held({ at: '01-01', plan: 'gold', minimum: '500' }, { at: '02-01', plan: null });
  await settle('2026-02-01T00:00:00Z');
  await used('2026-01-10T00:00:00Z', 1000n);
  await settle('2026-04-05T00:00:00Z');
  expect(await postings(store())).toEqual(['minimum/acme/2026-01/usd/0 2026-02-01 500']);
});
