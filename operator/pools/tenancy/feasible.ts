import type { GPUPool, Tenant } from '../../api/index.ts';
import type { ConditionIntent } from '../../runtime/index.ts';
import { CronError, parseCron } from './cron.ts';
import { entitlementsOf } from './guarantees.ts';

/** Reasons of the conditions of a GPUPool that its tenants and reservations decide. */
export const reason = {
  fits: 'GuaranteesFit',
  shrunk: 'GuaranteesShrunk',
  readable: 'ReservationsReadable',
  unreadable: 'ReservationsUnreadable',
} as const;

/** What a pool's tenants and reservations say of it. `gpus` are the physical GPUs of the pool. */
export function tenancyConditions(pool: GPUPool, tenants: readonly Tenant[], gpus: number): readonly ConditionIntent[] {
  return [quota(pool, tenants, gpus), ...(pool.spec.reservations === undefined ? [] : [reservations(pool)])];
}

function quota(pool: GPUPool, tenants: readonly Tenant[], gpus: number): ConditionIntent {
  const type = 'QuotaFeasible';
  const { feasible, guaranteedMilli } = entitlementsOf(pool, tenants, gpus * 1000);
  if (feasible) {
    const message = 'What tenants are guaranteed in the pool adds up to no more than it has.';
    return { type, status: 'True', reason: reason.fits, message };
  }
  const message = `${guaranteedMilli / 1000} GPUs are guaranteed to tenants and the pool has ${gpus}, so every guarantee counts in proportion. Add nodes, or lower guaranteed in Tenants or in spec.tenancy.default.`;
  return { type, status: 'False', reason: reason.shrunk, message };
}

function reservations({ spec }: GPUPool): ConditionIntent {
  const type = 'ReservationsValid';
  for (const { name, cron, timeZone } of spec.reservations ?? []) {
    const error = cron === undefined ? undefined : unreadable(cron, timeZone);
    if (error === undefined) continue;
    const message = `The reservation ${name} is left out: ${error}.`;
    return { type, status: 'False', reason: reason.unreadable, message };
  }
  return { type, status: 'True', reason: reason.readable, message: 'Every reservation has times that can be read.' };
}

function unreadable(cron: string, timeZone: string | undefined): string | undefined {
  try {
    parseCron(cron, timeZone);
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}
