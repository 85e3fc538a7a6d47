import { conflict, invalid } from '../http/refusal.ts';
import { decimal } from '../params/common.ts';
import { integer, object, optional, type ReadFields, type Shape } from '../params/shape.ts';
import type { Price, Tier } from './records.ts';

/** A price per unit: whole minor units, or a decimal of them with at most 12 places, not both. */
export const amount = {
  unit_amount: optional(integer({ least: 0, most: 99_999_999 })),
  unit_amount_decimal: optional(decimal),
};

/** A price per unit as it was asked for. */
export type AskedAmount = ReadFields<typeof amount>;

const upTo: Shape<number | null> = {
  read: (value, path) => {
    return value === 'inf' ? null : integer({ least: 1 }).read(value, path);
  },
};

/** A step of a tiered price. */
export const tier = object({
  ...amount,
  flat_amount: optional(integer({ least: 0 })),
  flat_amount_decimal: optional(decimal),
  up_to: upTo,
});

/** Both forms of a unit's price. */
export function amountOf(asked: AskedAmount, path: string): Pick<Price, 'unit_amount' | 'unit_amount_decimal'> {
  const { unit_amount: whole, unit_amount_decimal: exact } = asked;
  if ((whole === undefined) === (exact === undefined)) {
    throw invalid(`${path}unit_amount`, 'Give one of unit_amount and unit_amount_decimal.');
  }
  return pair(whole, exact);
}

/** Steps with rising limits, of which the last has none. */
export function tiersOf(
  asked: readonly ReturnType<typeof tier.read>[] | undefined,
  mode: string | undefined,
): readonly Tier[] {
  if (asked === undefined) throw conflict('You must specify tiers when billing_scheme is tiered.', { param: 'tiers' });
  if (mode === undefined)
    throw conflict('You must specify tiers_mode when billing_scheme is tiered.', { param: 'tiers_mode' });
  asked.forEach(({ up_to }, index) => {
    const isLast = index === asked.length - 1;
    const before = asked[index - 1]?.up_to ?? 0;
    if (isLast !== (up_to === null))
      throw conflict('The last tier, and it alone, must have up_to inf.', { param: 'tiers' });
    if (up_to !== null && up_to <= before)
      throw conflict('Tiers must rise by up_to.', { param: `tiers[${index}][up_to]` });
  });
  return asked.map((one, index) => {
    const hasUnit = one.unit_amount !== undefined || one.unit_amount_decimal !== undefined;
    const flat = pair(one.flat_amount, one.flat_amount_decimal);
    const isFlat = flat.unit_amount_decimal !== null;
    if (!hasUnit && !isFlat) throw conflict('A tier needs an amount.', { param: `tiers[${index}]` });
    const unit = hasUnit ? amountOf(one, `tiers[${index}].`) : { unit_amount: null, unit_amount_decimal: null };
    return { ...unit, flat_amount: flat.unit_amount, flat_amount_decimal: flat.unit_amount_decimal, up_to: one.up_to };
  });
}

function pair(
  whole: number | undefined,
  exact: string | undefined,
): Pick<Price, 'unit_amount' | 'unit_amount_decimal'> {
  const isWhole = exact !== undefined && /^-?\d+$/.test(exact);
  return {
    unit_amount: whole ?? (isWhole ? Number(exact) : null),
    unit_amount_decimal: exact ?? (whole === undefined ? null : String(whole)),
  };
}
