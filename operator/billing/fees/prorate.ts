/**
 * What monthly amounts come to in a month in which each held for a part of the time; pure, in integers. Amounts are minor
 * units in the scale of money/decimal.ts.
 *
 * The exact sum over all parts is rounded to the minor unit once, half up, and the parts are whole minor units that add up
 * to it by largest remainders. So an amount that held for the whole month is that amount, however the month was cut, and
 * the order of the parts changes nothing.
 */
import { apportion } from '../../metering/index.ts';
import { divideRounded, one } from '../money/decimal.ts';

/** A monthly amount and how long it held. */
export interface Share {
  /** Under what its part is stated; shares of one key count together. */
  readonly key: string;
  /** For a whole month. */
  readonly monthly: bigint;
  readonly seconds: bigint;
}

/** The part of each key, in whole minor units; `monthSeconds` is the length of the month. */
export function prorate(shares: readonly Share[], monthSeconds: bigint): ReadonlyMap<string, bigint> {
  const weights = new Map<string, bigint>();
  for (const { key, monthly, seconds } of shares) weights.set(key, (weights.get(key) ?? 0n) + monthly * seconds);
  const exact = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  const parts = apportion(divideRounded(exact, monthSeconds * one), weights);
  return new Map([...parts].map(([key, part]) => [key, part * one]));
}
