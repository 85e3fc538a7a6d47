/**
 * How a tenant stands: the highest step that a budget or an unpaid invoice demands; pure. Times in milliseconds since 1970.
 *
 *   Active ── Warning ── Delinquent ── Frozen ──evictAfterSeconds──▶ Evicting
 *
 * Each pass decides anew, so a tenant falls by as many steps as it rises. Only demands that rest on a fresh look raise it:
 * a stale one holds what stands, and never evicts.
 */
import type { TenantStanding } from '../../api/index.ts';

/** What one cause demands. */
export interface Demand {
  readonly cause: TenantStanding['cause'];
  readonly step: 'Warning' | 'Delinquent' | 'Frozen';
  /** Since when the step is demanded. */
  readonly since: number;
  /** When what it rests on was looked at last. */
  readonly observedAt: number;
  /** Whether the freeze becomes an eviction where the plan says so. */
  readonly evicts: boolean;
  /** When it ends by itself. */
  readonly endAt?: number;
  /** A sentence that says why, and what lifts it. */
  readonly message: string;
}

/** What is done about a tenant. */
export interface Standing extends Omit<Demand, 'step' | 'evicts'> {
  readonly step: TenantStanding['step'];
  readonly evictAt?: number;
}

/** A look older than this raises nobody. */
export const staleMillis = 900_000;

const ranks: readonly Demand['step'][] = ['Warning', 'Delinquent', 'Frozen'];

/** The standing of a tenant; undefined while nothing limits it. `before` is the one that was reported last. */
export function decide(
  demands: readonly Demand[],
  evictAfterMillis: number | undefined,
  before: TenantStanding | undefined,
  now: number,
): Standing | undefined {
  const valid = demands.filter(({ endAt }) => endAt === undefined || now < endAt);
  const held = valid.flatMap((demand) => {
    if (now - demand.observedAt <= staleMillis) return [demand];
    const step = heldStep(demand, before);
    return step === undefined ? [] : [{ ...demand, step, evicts: false }];
  });
  const [highest] = held.toSorted(
    (a, b) => rankOf(b) - rankOf(a) || Number(b.evicts) - Number(a.evicts) || a.since - b.since,
  );
  if (highest === undefined) return undefined;
  const { evicts, ...standing } = highest;
  if (!evicts || standing.step !== 'Frozen' || evictAfterMillis === undefined) return standing;
  const evictAt = standing.since + evictAfterMillis;
  return { ...standing, evictAt, step: now >= evictAt ? 'Evicting' : 'Frozen' };
}

/** What a stale demand may keep: no more than stands because of the same cause. */
function heldStep(demand: Demand, before: TenantStanding | undefined): Demand['step'] | undefined {
  if (before?.cause !== demand.cause) return undefined;
  const stood = before.step === 'Evicting' ? 'Frozen' : before.step;
  return ranks[Math.min(ranks.indexOf(stood), rankOf(demand))];
}

function rankOf({ step }: Pick<Demand, 'step'>): number {
  return ranks.indexOf(step);
}
