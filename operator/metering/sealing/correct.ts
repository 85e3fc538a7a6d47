import { sql, type Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { lockPasses } from '../repository.ts';
import type { Device } from '../sku.ts';
import type { Span } from './window.ts';
import { type SealedUsage, writeUsages } from './write.ts';

/** Whose usage of what in which sealed window is corrected. */
export interface Corrected {
  readonly tenant: string;
  readonly meter: string;
  readonly device: Device;
  readonly window: Span;
}

/** GPU-seconds that all revisions of a window state together, held still until the transaction ends. */
export async function readTotal(
  trx: Transaction<Schema>,
  { tenant, meter, window }: Corrected,
): Promise<{ readonly quantity: bigint; readonly revision: number }> {
  // The sealer counts revisions too.
  await lockPasses(trx);
  const { quantity, revision } = await trx
    .selectFrom('usage_window')
    .select(({ fn }) => [sql<string>`coalesce(sum(quantity), 0)`.as('quantity'), fn.max('revision').as('revision')])
    .where('tenant', '=', tenant)
    .where('meter', '=', meter)
    .where('window_start', '=', new Date(window.start))
    .executeTakeFirstOrThrow();
  return { quantity: BigInt(quantity), revision: revision ?? 0 };
}

/**
 * States a person's correction as a revision of `quantity` GPU-seconds in the tenant's chain. The caller writes its row of
 * `usage_correction` in the same transaction, by which the sealer and verifying know that no interval answers for it.
 */
export async function correct(trx: Transaction<Schema>, corrected: Corrected, quantity: bigint): Promise<SealedUsage> {
  const { tenant, meter, device, window } = corrected;
  const { revision } = await readTotal(trx, corrected);
  const key = { tenant, meter, ...device };
  // Whole seconds: the remainder stays what the intervals left.
  const usage = { ...key, window, revision: revision + 1, exactMs: quantity * 1000n, estimated: false };
  const [stated] = await writeUsages(trx, [usage]);
  if (stated === undefined) throw new Error(`the correction of ${tenant} was not stated`);
  return stated;
}

/** GPU-milliseconds of usage windows for which intervals answer: what a person corrected stays, whatever they say later. */
export const measuredMs = sql<string>`coalesce(sum(exact_ms) FILTER (WHERE NOT EXISTS (
  SELECT FROM usage_correction WHERE usage_correction.usage_window_id = usage_window.id)), 0)`;
