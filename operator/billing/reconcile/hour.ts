import type { Store } from '../../store/index.ts';
import { decideHour, sumOf, type Verdict } from './decide.ts';
import { type HourWindow, type PairHour, readHour } from './read.ts';
import { clearDrift, freezeDifference, keepDrift, putOff, rejectRow } from './write.ts';

/**
 * Decides over an hour for which the provider states `theirs`, and makes it so, in one fenced transaction: a crash
 * leaves the decision to be made anew. `bound` in GPU-seconds, `now` in milliseconds since 1970.
 */
export async function settleHour(
  store: Store,
  hour: PairHour,
  theirs: bigint,
  bound: bigint,
  now: number,
): Promise<Verdict> {
  return await store.fence.within(async (trx) => {
    const { facts, windows } = await readHour({ db: trx }, hour);
    const verdict = decideHour({ ...facts, theirs }, bound, now);
    const [first] = windows;
    const sums = { tenant: first?.tenant ?? null, ours: sumOf(facts.acknowledged), theirs, at: now };
    switch (verdict.kind) {
      case 'unsettled':
        await putOff(trx, hour, now);
        return verdict;
      case 'level':
        await clearDrift(trx, hour, now);
        return verdict;
      case 'seen':
        await keepDrift(trx, hour, sums, 'SEEN', 'the sums differ; read again before anything is done');
        return verdict;
      case 'hold':
        await keepDrift(trx, hour, sums, 'HELD', verdict.reason);
        return verdict;
      case 'correct': {
        const reason = `a correction of ${verdict.difference} was frozen`;
        const drift = await keepDrift(trx, hour, sums, 'CORRECTED', reason);
        // Any window of the hour will do: the row's event lies in the hour.
        await freezeDifference(trx, hour, windowOf(windows, facts.acknowledged[0]?.id), verdict.difference, { drift });
        return verdict;
      }
      case 'replace': {
        await keepDrift(trx, hour, sums, 'CORRECTED', `${verdict.rows.length} rows were reported and are replaced`);
        for (const row of verdict.rows) {
          const quantity = facts.acknowledged.find(({ id }) => id === row)?.quantity ?? 0n;
          await rejectRow(trx, row);
          await freezeDifference(trx, hour, windowOf(windows, row), quantity, { replaces: row });
        }
        return verdict;
      }
    }
  });
}

function windowOf(windows: readonly HourWindow[], row: bigint | undefined): bigint {
  const found = windows.find((one) => one.row === row);
  if (found === undefined) throw new RangeError(`row ${row} is not of this hour`);
  return found.window;
}
