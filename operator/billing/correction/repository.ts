import type { Transaction } from 'kysely';

import type { UsageCorrectionSpec } from '../../api/index.ts';
import type { Schema } from '../../store/index.ts';
import type { Refusal } from './decide.ts';

/** What a correction became. */
export interface Applied {
  readonly appliedAt: Date;
  /** Of the window; absent where only what was held ended. */
  readonly revision?: number;
  readonly identifier?: string;
  /** Whether the invoice of its time was final, so that it is on the next. */
  readonly late?: true;
}

/** What was applied under a name; a refusal where that said something else. */
export async function readApplied(
  trx: Transaction<Schema>,
  name: string,
  spec: UsageCorrectionSpec,
): Promise<Applied | Refusal | undefined> {
  const row = await trx
    .selectFrom('usage_correction as c')
    .leftJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .leftJoin('outbox as o', 'o.usage_window_id', 'c.usage_window_id')
    .select(['c.tenant', 'c.sku', 'c.window_start', 'c.quantity', 'c.held', 'c.applied_at'])
    .select(['w.revision', 'o.identifier', 'o.state'])
    .where('c.name', '=', name)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { tenant, sku, window_start, quantity, held, applied_at, revision, identifier, state } = row;
  const isSame =
    tenant === spec.tenantRef.name &&
    sku === spec.sku &&
    window_start.getTime() === Date.parse(spec.windowStartTime) &&
    quantity === spec.quantitySeconds &&
    held === (spec.held ?? null);
  if (!isSame) {
    const message = `a correction ${name} was applied at ${applied_at.toISOString()} and said something else: ${quantity} GPU-seconds of ${sku} for ${tenant} at ${window_start.toISOString()}; use another name`;
    return { reason: 'NameTaken', message };
  }
  return {
    appliedAt: applied_at,
    ...(revision !== null && { revision }),
    ...(identifier !== null && { identifier }),
    ...(state === 'LATE' && { late: true as const }),
  };
}

/** Keeps that a correction was applied, in the transaction that applies it. */
export async function keep(
  trx: Transaction<Schema>,
  name: string,
  spec: UsageCorrectionSpec & { readonly approvedBy: string },
  window: bigint | null,
  now: number,
): Promise<void> {
  await trx
    .insertInto('usage_correction')
    .values({
      ...{ name, tenant: spec.tenantRef.name, sku: spec.sku, window_start: new Date(spec.windowStartTime) },
      ...{ quantity: spec.quantitySeconds, held: spec.held ?? null, reason: spec.reason },
      ...{ approved_by: spec.approvedBy, usage_window_id: window, applied_at: new Date(now) },
    })
    .execute();
}
