import type { Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { chainHash, chainStart } from './chain.ts';
import type { MeterKey } from './read.ts';
import { emit, type Span } from './window.ts';

/** Usage of one window, or of a revision of it, before it is stored. */
export interface Usage extends MeterKey {
  readonly window: Span;
  readonly revision: number;
  /** GPU-milliseconds; a revision may take away. */
  readonly exactMs: bigint;
  readonly estimated: boolean;
}

/** A stored usage window. */
export interface SealedUsage extends Usage {
  readonly id: bigint;
  /** GPU-seconds that the row emits. */
  readonly quantity: bigint;
}

/** A usage with what its predecessors leave to it. */
interface Linked {
  readonly usage: Usage;
  readonly quantity: bigint;
  readonly carryMs: bigint;
  readonly previous: string;
  readonly hash: string;
}

/** Rows of one INSERT: 14 parameters each stay far below PostgreSQL's 65,535. */
const batchRows = 1000;

/**
 * Writes usage windows with their places in their tenants' hash chains, and moves the remainders: a handful of
 * statements however many windows there are. No two of one call may be of one tenant, meter, window and revision.
 */
export async function writeUsages(trx: Transaction<Schema>, usages: readonly Usage[]): Promise<readonly SealedUsage[]> {
  if (usages.length === 0) return [];
  const tenants = [...new Set(usages.map(({ tenant }) => tenant))];
  const carries = await readCarries(trx, tenants);
  const hashes = await readHashes(trx, tenants);
  const linked = usages.map((usage) => link(usage, carries, hashes));
  const ids = new Map<string, bigint>();
  for (let from = 0; from < linked.length; from += batchRows) {
    for (const row of await insert(trx, linked.slice(from, from + batchRows))) ids.set(row.hash, row.id);
  }
  await writeCarries(trx, usages, carries);
  return linked.flatMap(({ usage, quantity, hash }) => {
    const id = ids.get(hash);
    return id === undefined ? [] : [{ ...usage, id, quantity }];
  });
}

/** Takes the remainder and the chain's head, and leaves its own. */
function link(usage: Usage, carries: Map<string, bigint>, hashes: Map<string, string>): Linked {
  const { tenant, window } = usage;
  const { quantity, carryMs } = emit(carries.get(keyOf(usage)) ?? 0n, usage.exactMs);
  const previous = hashes.get(tenant) ?? chainStart;
  const start = window.start / 1000;
  const end = window.end / 1000;
  const hash = chainHash(previous, { ...usage, start, end, carryMs, quantity });
  carries.set(keyOf(usage), carryMs);
  hashes.set(tenant, hash);
  return { usage, quantity, carryMs, previous, hash };
}

async function insert(
  trx: Transaction<Schema>,
  linked: readonly Linked[],
): Promise<readonly { readonly id: bigint; readonly hash: string }[]> {
  return await trx
    .insertInto('usage_window')
    .values(
      linked.map(({ usage, quantity, carryMs, previous, hash }) => ({
        tenant: usage.tenant,
        meter: usage.meter,
        model: usage.model,
        profile: usage.profile,
        window_start: new Date(usage.window.start),
        window_end: new Date(usage.window.end),
        revision: usage.revision,
        exact_ms: usage.exactMs,
        carry_ms: carryMs,
        quantity,
        estimated: usage.estimated,
        prev_hash: previous,
        hash,
      })),
    )
    .returning(['id', 'hash'])
    .execute();
}

async function readCarries(trx: Transaction<Schema>, tenants: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await trx.selectFrom('remainder').selectAll().where('tenant', 'in', tenants).execute();
  return new Map(rows.map((row) => [keyOf(row), row.carry_ms]));
}

async function writeCarries(
  trx: Transaction<Schema>,
  usages: readonly Usage[],
  carries: ReadonlyMap<string, bigint>,
): Promise<void> {
  const touched = new Map(usages.map(({ tenant, meter }) => [keyOf({ tenant, meter }), { tenant, meter }]));
  await trx
    .insertInto('remainder')
    .values([...touched].map(([key, { tenant, meter }]) => ({ tenant, meter, carry_ms: carries.get(key) ?? 0n })))
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'meter']).doUpdateSet((eb) => ({ carry_ms: eb.ref('excluded.carry_ms') })),
    )
    .execute();
}

/** The head of each tenant's chain: the hash of its last row. */
async function readHashes(trx: Transaction<Schema>, tenants: readonly string[]): Promise<Map<string, string>> {
  const rows = await trx
    .selectFrom('usage_window')
    .distinctOn('tenant')
    .select(['tenant', 'hash'])
    .where('tenant', 'in', tenants)
    .orderBy('tenant')
    .orderBy('id', 'desc')
    .execute();
  return new Map(rows.map(({ tenant, hash }) => [tenant, hash]));
}

function keyOf({ tenant, meter }: { readonly tenant: string; readonly meter: string }): string {
  return `${tenant}\n${meter}`;
}
