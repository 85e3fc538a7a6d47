import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';

import { testStores } from './testing/index.ts';

const stores = testStores();
afterAll(() => stores.close());

test('a connection that the server ends inside a transaction fails that transaction, and nothing else', async (ctx) => {
  const store = await stores.open('postgres');
  if ('unavailable' in store) return ctx.skip(store.unavailable);
  const broken = store.db.transaction().execute(async (trx) => {
    // What becomes of a process that was stopped in the middle of one, with a shorter patience.
    await sql`SET LOCAL idle_in_transaction_session_timeout = 50`.execute(trx);
    await delay(1000);
    await sql`SELECT 1`.execute(trx);
  });
  await expect(broken).rejects.toThrow();
  expect((await sql<{ one: number }>`SELECT 1 AS one`.execute(store.db)).rows).toEqual([{ one: 1 }]);
});
