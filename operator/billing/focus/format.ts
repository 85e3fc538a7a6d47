import { divideRounded, one, parseDecimal } from '../money/decimal.ts';
import { digitsOf } from '../money/price.ts';
import type { Factors } from '../price-book/factors.ts';

const millijoulesOfKWh = 3_600_000_000n;

/** ISO 8601 in UTC with seconds, as FOCUS writes it. */
export function time(millis: number): string {
  return new Date(millis).toISOString().replace(/[.]\d{3}Z$/, 'Z');
}

/** The calendar month in UTC that holds a moment. */
export function monthOf(millis: number): { readonly start: number; readonly end: number } {
  const at = new Date(millis);
  const first = (ahead: number): number => Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + ahead, 1);
  return { start: first(0), end: first(1) };
}

/** Minor units as an exact decimal of the currency, without zeros at its end. */
export function major(minor: string, currency: string): string {
  return decimal(parseDecimal(minor), 12 + digitsOf(currency));
}

/** A number of `10^-digits` as a decimal, without zeros at its end. */
export function decimal(value: bigint, digits: number): string {
  const size = value < 0n ? -value : value;
  const scale = 10n ** BigInt(digits);
  const fraction = (size % scale).toString().padStart(digits, '0').replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${size / scale}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Millijoules as kilowatt-hours, to twelve places. */
export function kilowattHours(millijoules: bigint): string {
  return decimal(divideRounded(millijoules * one, millijoulesOfKWh), 12);
}

/** The energy of GPUs by what it stands for, exact: adds up, and `grams` rounds the sum. */
export function weigh(millijoules: bigint, { gramsPerKWh, pue }: Factors): bigint {
  return millijoules * gramsPerKWh * pue;
}

/** Grams of CO2 equivalent of weighed energy, to twelve places. */
export function grams(weighed: bigint): string {
  return decimal(divideRounded(weighed, millijoulesOfKWh), 12);
}
