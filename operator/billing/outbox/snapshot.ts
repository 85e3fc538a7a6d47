/**
 * Hourly snapshots (rule R7): a row whose meter keeps the newest event of an hour is sent with what the whole hour holds.
 *
 * The row itself stays what it is for every other sink, the quantity that its window adds. What is sent is made of the
 * rows of the same customer, meter and UTC hour: the sum of those that the provider acknowledged, with this one. So a lost
 * row, a doubled one and one that was altered are all put right by the next, and a correction, which is frozen where sums
 * differ, says the true sum again.
 *
 * An event is dated by how many rows of its hour went before it, in seconds from the hour's start: later ones are newer
 * both by their own time and by when they arrive, and none lies in the future, however early its hour was cut.
 */
import { sql, type Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { ingestionOf } from './event-name.ts';

/** What is sent for a row. */
export interface HourState {
  /** GPU-seconds of the hour, with the row. */
  readonly quantity: bigint;
  /** Unix seconds, within the hour. */
  readonly timestamp: number;
}

const lastSecond = 3599;

/**
 * The hours of claimed rows, by row, of those that state their hour. Only one row of an hour is in flight, so this stays
 * the same for each of its attempts.
 */
export async function hoursOf(
  trx: Transaction<Schema>,
  rows: readonly { readonly id: bigint; readonly event_name: string }[],
): Promise<ReadonlyMap<bigint, HourState>> {
  const ids = rows.filter(({ event_name }) => ingestionOf(event_name) === 'HourlySnapshot').map(({ id }) => id);
  if (ids.length === 0) return new Map();
  const { rows: found } = await sql<{ id: bigint; hour: bigint; quantity: string; before: bigint }>`
    SELECT mine.id,
      (floor(extract(epoch FROM mine.event_at) / 3600) * 3600)::bigint AS hour,
      coalesce(sum(other.quantity) FILTER (
        WHERE other.drift_id IS NULL AND (other.id = mine.id OR other.state IN ('ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED'))
      ), 0)::text AS quantity,
      count(*) FILTER (WHERE other.id <> mine.id AND other.state <> 'PENDING') AS before
    FROM outbox AS mine
    JOIN outbox AS other
      ON other.provider = mine.provider AND other.customer = mine.customer AND other.event_name = mine.event_name
      AND other.event_at >= date_trunc('hour', mine.event_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
      AND other.event_at < date_trunc('hour', mine.event_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '1 hour'
    WHERE mine.id = ANY(${ids})
    GROUP BY mine.id, mine.event_at`.execute(trx);
  return new Map(
    found.map(({ id, hour, quantity, before }) => {
      const timestamp = Number(hour) + Math.min(Number(before), lastSecond);
      return [BigInt(id), { quantity: BigInt(quantity), timestamp }];
    }),
  );
}
