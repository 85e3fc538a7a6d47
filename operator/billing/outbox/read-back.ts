import type { Clock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import type { SinkEntry } from '../sinks/registry.ts';
import { judge } from './decide.ts';
import { factsOf, hourOf, type OutboxRow, postpone, remember, resolve, restOfHour } from './repository.ts';
import { hoursOf } from './snapshot.ts';

const settleMillis = 120_000;
const readRetryMillis = 60_000;

/**
 * Past the guard a row that adds is never sent blindly: the provider's sum of its hour, read twice, says whether it arrived.
 * `absent` is to be sent again, with a guard that begins anew, and `recorded` is settled; everything else is held or put off
 * here.
 */
export async function readBack(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  entry: SinkEntry,
  row: OutboxRow,
  signal: AbortSignal,
): Promise<'absent' | 'recorded' | 'done'> {
  await entry.pace(signal);
  let recorded: bigint;
  try {
    recorded = await entry.sink.recorded(row.event_name, row.customer, hourOf(row));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await postpone(store, row.id, clock.now() + readRetryMillis, `could not read back: ${reason}`);
    return 'done';
  }
  const { quantity, read, statesHour } = factsOf(row);
  if (statesHour === true) return await compareHour({ store, clock }, row, read?.value, recorded);
  const rest = await restOfHour(store, row);
  const verdict = judge(quantity, rest, read?.value, recorded);
  if (verdict === 'again') {
    await remember(store, row.id, recorded, clock.now(), clock.now() + settleMillis);
  } else if (rest.disputed) {
    const reason = 'another row of the same hour is held, so the sum of the hour says nothing about this one';
    await resolve(store, row.id, 'HOLD', reason);
  } else if (verdict === 'recorded') {
    return 'recorded';
  } else if (verdict === 'unclear') {
    const doubtful = rest.doubtful.length === 0 ? '' : `, beside ${rest.doubtful.length} other rows that may be there,`;
    const reason = `the provider has recorded ${recorded} in the hour; ${rest.recorded} without this row and ${rest.recorded + quantity} with it${doubtful} were expected`;
    await resolve(store, row.id, 'HOLD', reason);
  } else return 'absent';
  return 'done';
}

/** After a restore: an hour of which the provider has more than can have been stated from here is not overwritten. */
async function compareHour(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  row: OutboxRow,
  before: bigint | undefined,
  recorded: bigint,
): Promise<'absent' | 'done'> {
  if (before !== recorded) {
    await remember(store, row.id, recorded, clock.now(), clock.now() + settleMillis);
    return 'done';
  }
  const most = (await hoursOf(store.db, [row])).get(row.id)?.most ?? 0n;
  if (recorded <= most) return 'absent';
  const reason = `the database was put back to an earlier state, and the provider has ${recorded} in the hour, more than the ${most} that are known here; a UsageCorrection settles it`;
  await resolve(store, row.id, 'HOLD', reason);
  return 'done';
}
