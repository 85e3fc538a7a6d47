/**
 * A duration that is not a number with ms, s, m or h.
 * @remedy write a number with ms, s, m or h, such as 30s
 */
export class DurationError extends Error {
  override readonly name = 'DurationError';
  readonly code = 'DurationInvalid';
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `250ms`, `30s`, `10m`, `24h` or a sequence such as `1h30m`; throws DurationError. */
export function parseDuration(text: string): number {
  if (!/^(\d+(ms|s|m|h))+$/.test(text)) {
    throw new DurationError(`duration "${text}" is malformed; write for example 250ms, 30s, 10m or 1h30m`);
  }
  return [...text.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0),
    0,
  );
}
