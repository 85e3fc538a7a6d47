import type { GPUPool, GPUPoolStatus, Tenant } from '../../api/index.ts';
import type { ConditionIntent } from '../../runtime/index.ts';
import { CronError, parseCron } from './cron.ts';
import { entitlementsOf } from './guarantees.ts';
import { firstOverlap } from './overlap.ts';

/** Reasons of the conditions of a GPUPool that its tenants and reservations decide. */
export const reason = {
  fits: 'GuaranteesFit',
  shrunk: 'GuaranteesShrunk',
  readable: 'ReservationsReadable',
  unreadable: 'ReservationsUnreadable',
  exceeds: 'ReservationsExceedPool',
} as const;

/** Most characters of a message: a pool may have many models. */
const MESSAGE = 1024;

/** What the status of a pool says of its physical GPUs. */
export type PoolHardware = Pick<GPUPoolStatus, 'capacity' | 'models'>;

/** What a pool's tenants and reservations say of it at `now`, milliseconds since 1970. */
export function tenancyConditions(
  pool: GPUPool,
  tenants: readonly Tenant[],
  hardware: PoolHardware,
  now: number,
): readonly ConditionIntent[] {
  const conditions = [quota(pool, tenants, hardware.capacity?.gpus ?? 0)];
  return pool.spec.reservations === undefined ? conditions : [...conditions, reservations(pool, hardware, now)];
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

function reservations(pool: GPUPool, hardware: PoolHardware, now: number): ConditionIntent {
  const { spec } = pool;
  const { models = [] } = hardware;
  const type = 'ReservationsValid';
  for (const { name, cron, timeZone } of spec.reservations ?? []) {
    const error = cron === undefined ? undefined : unreadable(cron, timeZone);
    if (error === undefined) continue;
    const message = `The reservation ${name} is left out: ${error}.`;
    return { type, status: 'False', reason: reason.unreadable, message };
  }
  for (const { name, model, gpus } of spec.reservations ?? []) {
    if (model === undefined) continue;
    const has = models.find((one) => one.model === model)?.gpus ?? 0;
    if (has >= gpus) continue;
    const remedy = has === 0 ? `name one that it has (${models.map((one) => one.model).join(', ')})` : 'lower its gpus';
    const message = `The reservation ${name} keeps ${gpus} GPUs of ${model} and the pool has ${has}. Add nodes, or ${remedy}.`;
    return { type, status: 'False', reason: reason.exceeds, message: message.slice(0, MESSAGE) };
  }
  const together = firstOverlap(pool, hardware, now);
  if (together !== undefined) {
    const { at, names, gpus, model, has } = together;
    const from = new Date(at).toISOString().replace('.000Z', 'Z');
    const what = model === undefined ? `${gpus} GPUs` : `${gpus} GPUs of ${model}`;
    const who =
      names.length === 1
        ? `the reservation ${names[0]}, which starts again while it runs, keeps`
        : `the reservations ${names.join(' and ')} together keep`;
    const message = `From ${from} on ${who} ${what} and the pool has ${has}. Add nodes, move one to another time, or lower its gpus.`;
    return { type, status: 'False', reason: reason.exceeds, message: message.slice(0, MESSAGE) };
  }
  const message =
    'Every reservation has times that can be read, and the pool has the GPUs of all that run at the same time.';
  return { type, status: 'True', reason: reason.readable, message };
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
