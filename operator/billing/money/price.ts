import { divideRounded, one, parseDecimal } from './decimal.ts';

const secondsOfHour = 3600n;

/** Currencies whose minor unit is not a hundredth [docs.stripe.com/currencies]. */
const minorDigits: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'vnd', 'vuv', 'xaf', 'xof', 'xpf'].map(
      (currency) => [currency, 0],
    ),
  ),
  ...Object.fromEntries(['bhd', 'jod', 'kwd', 'omr', 'tnd'].map((currency) => [currency, 3])),
};

/** Decimal places of a currency's minor unit. */
export function digitsOf(currency: string): number {
  return minorDigits[currency] ?? 2;
}

/**
 * Price of one second of one unit in minor units of the currency, twelve places, from the price of an hour:
 * 2.50 usd → 0.069444444444 cents. This, never the hourly price, rates usage here and at the provider.
 */
export function unitPrice(perHour: string, currency: string): bigint {
  return divideRounded(parseDecimal(perHour) * 10n ** BigInt(digitsOf(currency)), secondsOfHour);
}

/** An amount of money as people state it, in minor units of the currency: 12.5 usd → 1250 cents, exact. */
export function minorOf(amount: string, currency: string): bigint {
  return parseDecimal(amount) * 10n ** BigInt(digitsOf(currency));
}

/** An exact amount in minor units as money for people: rounded to the minor unit, half away from zero, `12.34`. */
export function toMajor(minor: bigint, currency: string): string {
  const digits = digitsOf(currency);
  const rounded = divideRounded(minor, one);
  const size = rounded < 0n ? -rounded : rounded;
  const scale = 10n ** BigInt(digits);
  const fraction = digits === 0 ? '' : `.${(size % scale).toString().padStart(digits, '0')}`;
  return `${rounded < 0n ? '-' : ''}${size / scale}${fraction}`;
}
