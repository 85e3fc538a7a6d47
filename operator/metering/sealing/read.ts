import type { Kysely, Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import type { Device } from '../sku.ts';
import type { Held, Span } from './window.ts';

/** Whose usage of what. */
export interface MeterKey extends Device {
  readonly tenant: string;
  readonly meter: string;
}

/** The intervals that touch the window, by tenant and meter, sorted so that every run states them in one order. */
export async function readMeters(
  trx: Transaction<Schema>,
  window: Span,
): Promise<readonly (readonly [MeterKey, readonly Held[]])[]> {
  const rows = await touching(trx, window).execute();
  const groups = Map.groupBy(rows, ({ tenant, meter }) => `${tenant}\n${meter}`);
  return [...groups.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, members]) => {
      const first = members[0];
      if (first === undefined) return [];
      const { tenant, meter, model, profile } = first;
      return [[{ tenant, meter, model, profile }, members.map(held)] as const];
    });
}

/** The intervals of one tenant and meter that touch the window, and the device they are of. */
export async function readHeld(
  trx: Transaction<Schema>,
  tenant: string,
  meter: string,
  window: Span,
): Promise<{ readonly device?: Device; readonly intervals: readonly Held[] }> {
  const rows = await touching(trx, window).where('tenant', '=', tenant).where('meter', '=', meter).execute();
  const first = rows[0];
  const device = first === undefined ? undefined : { model: first.model, profile: first.profile };
  return { device, intervals: rows.map(held) };
}

/** The query of the intervals that touch the window. */
export const touching = (trx: Kysely<Schema>, window: Span) =>
  trx
    .selectFrom('alloc_interval')
    .select(['tenant', 'meter', 'model', 'profile', 'opened_at', 'closed_at', 'units', 'estimated'])
    .where('opened_at', '<', new Date(window.end))
    // An open interval reaches into every window. Said so, the index on closed_at serves both.
    .where((eb) => eb.or([eb('closed_at', '>', new Date(window.start)), eb('closed_at', 'is', null)]))
    .orderBy('opened_at')
    .orderBy('uid')
    .orderBy('device_key');

function held(row: { opened_at: Date; closed_at: Date | null; units: number; estimated: boolean }): Held {
  return {
    openedAt: row.opened_at.getTime(),
    closedAt: row.closed_at?.getTime(),
    units: row.units,
    estimated: row.estimated,
  };
}
