import type { EnergyFactors, IdleSplit, PriceBookSpec } from '../../api/index.ts';
import type { IdlePolicy } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { parseDecimal } from '../money/decimal.ts';

/** What a kilowatt-hour of a GPU stands for. */
export interface Factors {
  readonly gramsPerKWh: bigint;
  /** Power usage effectiveness in the scale of money/decimal.ts. */
  readonly pue: bigint;
}

/** A version of a list with what it says besides prices; times in milliseconds since 1970. */
export interface ListVersion {
  readonly book: string;
  readonly version: number;
  readonly currency: string;
  readonly from: number;
  readonly idle?: IdlePolicy;
  readonly energy?: Factors;
}

/** What the store keeps of a list besides prices; null where the list does not say. */
export function writeFactors({ idle, energy }: PriceBookSpec): {
  readonly idle: string | null;
  readonly energy: string | null;
} {
  return {
    idle: idle === undefined ? null : JSON.stringify({ split: idle.split, scope: idle.scope ?? 'Node' }),
    energy: energy === undefined ? null : JSON.stringify({ gco2PerKWh: energy.gco2PerKWh, pue: energy.pue }),
  };
}

/** Every version of every list, by name and version. */
export async function readVersions({ db }: Store): Promise<readonly ListVersion[]> {
  const rows = await db.selectFrom('price_book').selectAll().orderBy('book').orderBy('version').execute();
  return rows.map(({ book, version, currency, effective_from, idle, energy }) => ({
    ...{ book, version, currency, from: effective_from.getTime() },
    ...(idle !== null && { idle: idleOf(JSON.parse(idle)) }),
    ...(energy !== null && { energy: factorsOf(JSON.parse(energy)) }),
  }));
}

/** The versions in force at a moment, one of each list, by the name of the list. */
export function inForce(versions: readonly ListVersion[], at: number): readonly ListVersion[] {
  const highest = new Map<string, ListVersion>();
  for (const one of versions) if (one.from <= at) highest.set(one.book, one);
  return [...highest.values()];
}

function idleOf({ split, scope }: Required<Pick<IdleSplit, 'split' | 'scope'>>): IdlePolicy {
  return { split, scope };
}

function factorsOf({ gco2PerKWh, pue }: EnergyFactors): Factors {
  return { gramsPerKWh: BigInt(gco2PerKWh), pue: parseDecimal(pue) };
}
