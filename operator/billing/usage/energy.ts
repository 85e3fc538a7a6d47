import { daysOf, energyOf, readUse } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { grams, kilowattHours, weigh } from '../focus/format.ts';
import { inForce, type ListVersion, readVersions } from '../price-book/factors.ts';

/** What a tenant's devices drew. A window counts where every moment of it was measured. */
export interface EnergyUsage {
  /** Kilowatt-hours of the GPUs in the windows that were measured; null where none was. */
  readonly kWh: string | null;
  /** Grams of CO2 equivalent of the data centre for them; null where the price list does not say what they stand for. */
  readonly gco2e: string | null;
  /** Windows in which the tenant held GPUs, and those of them that were measured, of each meter. */
  readonly windows: number;
  readonly measuredWindows: number;
}

/** Whose energy of what time: windows that begin in [from, to), RFC 3339. */
interface EnergyQuestion {
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
}

/** Adds up a tenant's energy of sealed windows by the price list that the tenant has now. */
export async function readEnergy(store: Store, { tenant, from, to }: EnergyQuestion): Promise<EnergyUsage> {
  const { db } = store;
  const link = await db.selectFrom('customer_link').select('book').where('tenant', '=', tenant).executeTakeFirst();
  const versions = (await readVersions(store)).filter(({ book }) => book === link?.book);
  const measured: { readonly millijoules: bigint; readonly list: ListVersion | undefined }[] = [];
  let windows = 0;
  for (const day of daysOf(new Date(from), new Date(to))) {
    for (const { window, samples, held } of await readUse(store, day.from, day.to)) {
      const [list] = inForce(versions, window.start);
      const parts = energyOf(samples, held, window).filter((part) => part.tenant === tenant);
      windows += parts.length;
      for (const { complete, millijoules } of parts) if (complete) measured.push({ millijoules, list });
    }
  }
  return { ...sumOf(measured), windows, measuredWindows: measured.length };
}

function sumOf(
  measured: readonly { readonly millijoules: bigint; readonly list: ListVersion | undefined }[],
): Pick<EnergyUsage, 'kWh' | 'gco2e'> {
  if (measured.length === 0) return { kWh: null, gco2e: null };
  const total = measured.reduce((sum, { millijoules }) => sum + millijoules, 0n);
  // Summed exactly, and rounded once.
  let weighed = 0n;
  for (const { millijoules, list } of measured) {
    if (list?.energy === undefined) return { kWh: kilowattHours(total), gco2e: null };
    weighed += weigh(millijoules, list.energy);
  }
  return { kWh: kilowattHours(total), gco2e: grams(weighed) };
}
