/**
 * Hourly snapshots (rule R7): a row whose meter keeps the newest event of an hour is sent with what the whole hour holds.
 *
 * The row itself stays what it is for every other sink, the quantity that its window adds. What is sent is made of the
 * rows of the same customer, meter and UTC hour: the sum of those that the provider acknowledged, with this one. So a lost
 * row, a doubled one and one that was altered are all put right by the next, and a correction, which is frozen where sums
 * differ, says the true sum again.
 *
 * An event is dated five minutes before the last second of what it states, or at the hour's start where that is later, and
 * a second later for each row of the hour that went before it: later ones are newer both by their own time and by when they
 * arrive, none lies in the future, and a subscription that began within the hour is charged. A database that was put back
 * knows fewer rows than went before, so what it states of earlier hours is dated later by half of the five minutes.
 */
import { type Kysely, sql } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { ingestionOf } from './event-name.ts';

/** What is sent for a row, in the place of what the row says. */
export interface HourStatement {
  /** GPU-seconds of the hour, with the row. */
  readonly quantity: bigint;
  /** Unix seconds, within the hour. */
  readonly timestamp: number;
}

/** The hour of a row. */
export interface HourState {
  readonly statement: HourStatement;
  /** The most GPU-seconds that the rows which are known here can have stated, those under way included. */
  readonly most: bigint;
}

/** Seconds before the end of what is stated; as many events of an hour are newer than each other by their own time. */
const reserve = 300;

/**
 * The hours of rows, by row, of those that state their hour. Only one row of an hour is in flight, so this stays the same
 * for each of its attempts, unless a person settles the hour meanwhile.
 */
export async function hoursOf(
  db: Kysely<Schema>,
  rows: readonly { readonly id: bigint; readonly event_name: string }[],
): Promise<ReadonlyMap<bigint, HourState>> {
  const ids = rows.filter(({ event_name }) => ingestionOf(event_name) === 'HourlySnapshot').map(({ id }) => id);
  if (ids.length === 0) return new Map();
  const known = sql`(other.state IN ('ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED')
    OR other.state = 'LATE' AND other.guard_from IS NOT NULL)`;
  const moving = sql`other.state IN ('PENDING', 'SENDING', 'UNKNOWN')`;
  const { rows: found } = await sql<Record<'id' | 'hour' | 'last' | 'before', bigint> & Found>`
    SELECT mine.id, extract(epoch FROM hour.start)::bigint AS hour,
      coalesce(sum(other.quantity) FILTER (
        WHERE other.drift_id IS NULL AND (other.id = mine.id OR ${known})), 0)::text AS quantity,
      coalesce(sum(other.quantity) FILTER (
        WHERE other.drift_id IS NULL AND (${known} OR (${moving} AND other.quantity > 0))), 0)::text AS most,
      max(extract(epoch FROM other.event_at)) FILTER (WHERE other.id = mine.id OR other.state <> 'PENDING')::bigint AS last,
      count(*) FILTER (WHERE other.id <> mine.id AND other.state <> 'PENDING') AS before,
      EXISTS (SELECT FROM watermark WHERE name = 'restored' AND at >= hour.start) AS restored
    FROM outbox AS mine
    CROSS JOIN LATERAL (SELECT date_trunc('hour', mine.event_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS start) AS hour
    JOIN outbox AS other
      ON other.provider = mine.provider AND other.customer = mine.customer AND other.event_name = mine.event_name
      AND other.event_at >= hour.start AND other.event_at < hour.start + interval '1 hour'
    WHERE mine.id = ANY(${ids})
    GROUP BY mine.id, hour.start`.execute(db);
  return new Map(
    found.map(({ id, quantity, most, ...times }) => {
      const statement = { quantity: BigInt(quantity), timestamp: dated(times) };
      return [BigInt(id), { statement, most: BigInt(most) }];
    }),
  );
}

interface Found {
  readonly quantity: string;
  readonly most: string;
  readonly restored: boolean;
}

function dated(of: Record<'hour' | 'last' | 'before', bigint> & { readonly restored: boolean }): number {
  const [hour, last, before] = [Number(of.hour), Number(of.last), Number(of.before)];
  const from = Math.max(hour, last - reserve) + (of.restored ? reserve / 2 : 0);
  return Math.min(last, from + before);
}
