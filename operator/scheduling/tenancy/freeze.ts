import type { Tenant } from '../../api/index.ts';
import type { HeldBack } from '../planner/index.ts';

/** A freeze that nobody confirmed for so long holds nobody, in milliseconds: what is not seen well is not acted on. */
const STALE_MILLIS = 900_000;

/** Why nothing new of a tenant may start, from its status alone; undefined when it may. */
function freezeOf(tenant: Tenant, now: number): HeldBack | undefined {
  const holding = (tenant.status?.freezes ?? []).find(
    ({ observedTime, endTime }) =>
      now - Date.parse(observedTime) <= STALE_MILLIS && (endTime === undefined || now < Date.parse(endTime)),
  );
  if (holding === undefined) return undefined;
  return { blocker: 'Budget', sentence: holding.message.replace(/\.$/, '') };
}

/** Freezes by tenant. */
export function freezesOf(tenants: readonly Tenant[], now: number): ReadonlyMap<string, HeldBack> {
  return new Map(
    tenants.flatMap((tenant) => {
      const freeze = freezeOf(tenant, now);
      return freeze === undefined ? [] : [[tenant.metadata.name, freeze] as const];
    }),
  );
}
