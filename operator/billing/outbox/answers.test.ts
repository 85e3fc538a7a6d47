import { beforeEach, expect, test } from 'vitest';

import type { Store } from '../../store/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { Answers } from './answers.ts';
import { freezeSealed } from './freeze.ts';
import { type Claimed, claim } from './repository.ts';

const store = storeForFile();
const now = Date.parse('2026-01-02T00:00:00Z');
const accepted = { state: 'ACCEPTED' } as const;
let claimed: readonly Claimed[];
let commits = 0;
let fails = 0;

/** The store, counting its transactions, of which the first `fails` fail. */
function counted(): Store {
  const { fence } = store();
  const within: typeof fence.within = async (work) => {
    commits += 1;
    if (commits <= fails) throw new Error('no connection');
    return await fence.within(work);
  };
  return { ...store(), fence: { ...fence, within } };
}

/** Twenty rows on their way. */
beforeEach(async () => {
  [commits, fails] = [0, 0];
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  for (let hour = 0; hour < 20; hour += 1) {
    const start = new Date(Date.parse('2026-01-01T00:00:00Z') + hour * 3_600_000).toISOString();
    const window = await sealWindow(store(), start, 60n);
    await store().fence.within((trx) => freezeSealed(trx, [window]));
  }
  const rows = await store().db.selectFrom('outbox').select('id').orderBy('id').execute();
  claimed = (
    await claim(
      store(),
      rows.map(({ id }) => id),
      now,
      'keep',
    )
  ).rows;
});

async function states(): Promise<readonly string[]> {
  const rows = await store().db.selectFrom('outbox').select('state').distinct().orderBy('state').execute();
  return rows.map(({ state }) => state);
}

test('answers that come together are committed together, each with what it says', async () => {
  const answers = new Answers(counted());
  const next = now + 5000;
  const unknown = { state: 'UNKNOWN', error: '500', nextAttemptAt: next } as const;
  await Promise.all(claimed.map(({ id }, at) => answers.put({ id, settled: at === 0 ? unknown : accepted })));
  expect(commits).toBe(1);
  expect(await states()).toEqual(['ACCEPTED', 'UNKNOWN']);
  const row = await store()
    .db.selectFrom('outbox')
    .selectAll()
    .where('state', '=', 'UNKNOWN')
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({ id: claimed[0]?.id, last_error: '500', next_attempt_at: new Date(next) });
});

test('what comes while a transaction commits goes into the next one', async () => {
  const answers = new Answers(counted());
  const [first, ...others] = claimed;
  if (first === undefined) throw new Error('nothing was claimed');
  const one = answers.put({ id: first.id, settled: accepted });
  // Until its transaction has begun.
  while (commits === 0) await Promise.resolve();
  await Promise.all([one, ...others.map(({ id }) => answers.put({ id, settled: accepted }))]);
  expect(commits).toBe(2);
  expect(await states()).toEqual(['ACCEPTED']);
});

test('a transaction that fails fails for each of its answers, and not for those after it', async () => {
  fails = 1;
  const answers = new Answers(counted());
  const [first, second, third] = claimed;
  if (first === undefined || second === undefined || third === undefined) throw new Error('too little was claimed');
  const ended = await Promise.allSettled([first, second].map(({ id }) => answers.put({ id, settled: accepted })));
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await answers.put({ id: third.id, settled: accepted });
  expect(await states()).toEqual(['ACCEPTED', 'SENDING']);
});
