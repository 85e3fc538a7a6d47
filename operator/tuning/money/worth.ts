/** Seconds of 30 days: the month in which savings are stated. */
export const MONTH_SECONDS = 2_592_000n;

/** The part of a whole GPU that one device is: 1 of 1, or 2 of 7 for a MIG profile 2g on an H100. */
export interface Share {
  readonly part: bigint;
  readonly of: bigint;
}

/** GPU-seconds that so many devices hold in 30 days; a fraction of a second is dropped. */
export function gpuSecondsPerMonth(devices: number, share: Share): bigint {
  return (BigInt(devices) * MONTH_SECONDS * share.part) / share.of;
}

const decimal = /^([0-9]{1,18})(?:[.]([0-9]{1,12}))?$/;
/** Digits after the point that a worth keeps; what is beyond is dropped, so that a prediction never promises more. */
const KEPT_DIGITS = 6;

/**
 * A price that is no decimal string.
 * @remedy write a decimal string such as "2.50" as the price
 */
export class PriceError extends Error {
  override readonly name = 'PriceError';
  readonly code = 'PriceInvalid';
}

/**
 * What GPU time is worth at a price an hour (a decimal string), exact to six digits, as a decimal string with at
 * least two. Throws PriceError.
 */
export function worth(gpuSeconds: bigint, perHour: string): string {
  const match = decimal.exec(perHour);
  if (match === null) throw new PriceError(`price "${perHour}" is not a decimal number such as "2.50"`);
  const fraction = match[2] ?? '';
  const scaledPrice = BigInt(`${match[1]}${fraction}`);
  const scaled = (gpuSeconds * scaledPrice * 10n ** BigInt(KEPT_DIGITS)) / (3600n * 10n ** BigInt(fraction.length));
  return decimalText(scaled, KEPT_DIGITS);
}

function decimalText(scaled: bigint, digits: number): string {
  const text = scaled.toString().padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '').padEnd(2, '0');
  return `${text.slice(0, -digits)}.${fraction}`;
}
