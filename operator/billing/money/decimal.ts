/** Decimals as big integers with twelve places: the precision of Stripe's unit_amount_decimal and of numeric(38,12). */

/** One, in the scale of this file. */
export const one = 10n ** 12n;

const form = /^(-?)([0-9]{1,26})(?:[.]([0-9]{1,12}))?$/;

/**
 * A decimal that cannot be read exactly.
 * @remedy write a decimal such as 12.5, without exponent, separators or currency
 */
export class DecimalError extends Error {
  override readonly name = 'DecimalError';
  readonly code = 'DecimalInvalid';
}

/** Reads `-12.5` as thousand-billionths; more than twelve places are an error, never rounded. */
export function parseDecimal(text: string): bigint {
  const match = form.exec(text);
  if (match === null) {
    throw new DecimalError(`decimal "${text}" is malformed; write digits with at most twelve places, for example 2.50`);
  }
  const size = BigInt(match[2] ?? '0') * one + BigInt((match[3] ?? '').padEnd(12, '0'));
  return match[1] === '-' ? -size : size;
}

/** Writes thousand-billionths with all twelve places. */
export function formatDecimal(value: bigint): string {
  const size = value < 0n ? -value : value;
  const fraction = (size % one).toString().padStart(12, '0');
  return `${value < 0n ? '-' : ''}${size / one}.${fraction}`;
}

/** The quotient rounded half away from zero. */
export function divideRounded(value: bigint, by: bigint): bigint {
  const size = value < 0n ? -value : value;
  const quotient = (2n * size + by) / (2n * by);
  return value < 0n ? -quotient : quotient;
}
