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

/** Writes one usage window with its place in the tenant's hash chain, and moves the remainder. */
export async function writeUsage(trx: Transaction<Schema>, usage: Usage): Promise<SealedUsage> {
  const { tenant, meter, model, profile, window, revision, exactMs, estimated } = usage;
  const before = await trx
    .selectFrom('remainder')
    .select('carry_ms')
    .where('tenant', '=', tenant)
    .where('meter', '=', meter)
    .executeTakeFirst();
  const { quantity, carryMs } = emit(before?.carry_ms ?? 0n, exactMs);
  await trx
    .insertInto('remainder')
    .values({ tenant, meter, carry_ms: carryMs })
    .onConflict((conflict) => conflict.columns(['tenant', 'meter']).doUpdateSet({ carry_ms: carryMs }))
    .execute();
  const previous = await lastHash(trx, tenant);
  const start = window.start / 1000;
  const end = window.end / 1000;
  const { id } = await trx
    .insertInto('usage_window')
    .values({
      tenant,
      meter,
      model,
      profile,
      window_start: new Date(window.start),
      window_end: new Date(window.end),
      revision,
      exact_ms: exactMs,
      carry_ms: carryMs,
      quantity,
      estimated,
      prev_hash: previous,
      hash: chainHash(previous, { tenant, meter, start, end, revision, exactMs, quantity }),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { ...usage, id, quantity };
}

async function lastHash(trx: Transaction<Schema>, tenant: string): Promise<string> {
  const last = await trx
    .selectFrom('usage_window')
    .select('hash')
    .where('tenant', '=', tenant)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.hash ?? chainStart;
}
