/** Kubernetes quantities, exact: a quantity is a fraction of big integers, and only whole units leave this file. */

/**
 * A quantity that is malformed or not whole in the unit asked for.
 * @remedy write a whole number with an optional suffix, such as 500m, 2 or 1.5Gi, in the field that the message
 *   quotes
 */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
  readonly code = 'QuantityInvalid';
}

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?\d{1,3}))?$/;
const digits = /^\d{1,15}$/;

const scales: Readonly<Record<string, Fraction>> = {
  n: { numerator: 1n, denominator: 10n ** 9n },
  u: { numerator: 1n, denominator: 10n ** 6n },
  m: { numerator: 1n, denominator: 10n ** 3n },
  k: { numerator: 10n ** 3n, denominator: 1n },
  M: { numerator: 10n ** 6n, denominator: 1n },
  G: { numerator: 10n ** 9n, denominator: 1n },
  T: { numerator: 10n ** 12n, denominator: 1n },
  P: { numerator: 10n ** 15n, denominator: 1n },
  E: { numerator: 10n ** 18n, denominator: 1n },
  Ki: { numerator: 1n << 10n, denominator: 1n },
  Mi: { numerator: 1n << 20n, denominator: 1n },
  Gi: { numerator: 1n << 30n, denominator: 1n },
  Ti: { numerator: 1n << 40n, denominator: 1n },
  Pi: { numerator: 1n << 50n, denominator: 1n },
  Ei: { numerator: 1n << 60n, denominator: 1n },
};

function parse(text: string): Fraction {
  const match = form.exec(text);
  const whole = match?.[2] ?? '';
  const part = match?.[3] ?? '';
  if (match === null || whole + part === '') {
    throw new QuantityError(
      `quantity "${text}" is malformed; write a number with an optional suffix, for example 500m, 2, 1.5Gi`,
    );
  }
  const sign = match[1] === '-' ? -1n : 1n;
  const mantissa = { numerator: sign * BigInt(whole + part), denominator: 10n ** BigInt(part.length) };
  const scale = match[4] !== undefined ? scales[match[4]] : exponent(Number(match[5] ?? 0));
  if (scale === undefined) throw new QuantityError(`quantity "${text}" has an unknown suffix`);
  return { numerator: mantissa.numerator * scale.numerator, denominator: mantissa.denominator * scale.denominator };
}

function exponent(power: number): Fraction {
  return power >= 0
    ? { numerator: 10n ** BigInt(power), denominator: 1n }
    : { numerator: 1n, denominator: 10n ** BigInt(-power) };
}

/** Rounds away from zero like apimachinery's ScaledValue. */
function ceiling({ numerator, denominator }: Fraction): bigint {
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  if (remainder === 0n) return quotient;
  return numerator > 0n ? quotient + 1n : quotient - 1n;
}

function safe(value: bigint, text: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new QuantityError(`quantity "${text}" is beyond 2^53-1 in the unit asked for`);
  return number;
}

/** CPU in thousandths of a core, rounded up: `500m` → 500, `2` → 2000. Absent is 0. */
export function milliCpu(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  const text = String(quantity);
  if (digits.test(text)) return safe(BigInt(text) * 1000n, text);
  const { numerator, denominator } = parse(text);
  return safe(ceiling({ numerator: numerator * 1000n, denominator }), text);
}

/** Memory or storage in bytes, rounded up: `1.5Gi` → 1610612736. Absent is 0. Throws beyond 2^53-1 (8 PiB). */
export function bytes(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  const text = String(quantity);
  return digits.test(text) ? Number(text) : safe(ceiling(parse(text)), text);
}

/** An extended resource such as `nvidia.com/gpu`: a whole number, else QuantityError. Absent is 0. */
export function count(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  const text = String(quantity);
  if (digits.test(text)) return Number(text);
  const { numerator, denominator } = parse(text);
  if (numerator % denominator !== 0n) throw new QuantityError(`quantity "${text}" must be a whole number`);
  return safe(numerator / denominator, text);
}
