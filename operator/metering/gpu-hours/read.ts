import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';
import type { Period } from './period.ts';
import { worthOf } from './worth.ts';

/** GPU-seconds that a tenant held from `start` to `end`, whole ones, by the intervals as they are stored. */
export async function readUsedSeconds(store: Store, tenant: string, { start, end }: Period): Promise<number> {
  const [from, to] = [new Date(start), new Date(end)];
  const { rows } = await sql<{ model: string; profile: string; unit_seconds: number }>`
    SELECT model, profile, sum(units * extract(epoch FROM least(coalesce(closed_at, ${to}), ${to}) - greatest(opened_at, ${from})))::float8 AS unit_seconds
    FROM alloc_interval
    WHERE tenant = ${tenant} AND opened_at < ${to} AND (closed_at IS NULL OR closed_at > ${from})
    GROUP BY model, profile`.execute(store.db);
  const milli = rows.reduce((sum, { model, profile, unit_seconds: seconds }) => {
    return sum + worthOf({ model, profile }) * Math.max(0, seconds);
  }, 0);
  return Math.floor(milli / 1000);
}
