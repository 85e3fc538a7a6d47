import { describe, expect, it } from 'vitest';
import type { GPUPool } from '../../api/index.ts';
import { reservedByModel } from './occurrences.ts';
import { nextReservationChange } from './upcoming.ts';

const NOW = Date.parse('2027-01-10T08:00:00Z');
const H100 = 'H100';

type Reservation = NonNullable<GPUPool['spec']['reservations']>[number];

const one = (over: Partial<Reservation>): Reservation => ({
  ...{ name: 'night', tenant: 'ml', gpus: 2, model: H100, durationSeconds: 3600 },
  ...over,
});

describe('GPUs that reservations keep at a time', () => {
  it.each([
    { name: 'one that runs', of: [one({ startTime: '2027-01-10T08:00:00Z' })], is: { H100: 2 } },
    { name: 'none that comes', of: [one({ startTime: '2027-01-10T08:00:01Z' })], is: {} },
    { name: 'none that has ended', of: [one({ startTime: '2027-01-10T07:00:00Z' })], is: {} },
    { name: 'one that comes again', of: [one({ cron: '30 7 * * *' })], is: { H100: 2 } },
    { name: 'none that cannot be read', of: [one({ cron: '0 25 * * *' })], is: {} },
    { name: 'none of any model', of: [one({ startTime: '2027-01-10T08:00:00Z', model: undefined })], is: {} },
    {
      name: 'the sum of those of one model',
      of: [
        one({ startTime: '2027-01-10T07:30:00Z' }),
        one({ startTime: '2027-01-10T07:45:00Z', gpus: 3 }),
        one({ startTime: '2027-01-10T07:45:00Z', model: 'A100', gpus: 1 }),
      ],
      is: { H100: 5, A100: 1 },
    },
  ])('$name', ({ of, is }) => {
    const spec = { nodes: { selector: { matchLabels: { a: 'b' } } }, reservations: of };
    expect(Object.fromEntries(reservedByModel({ spec }, NOW))).toEqual(is);
  });
});

describe('when reservations change next', () => {
  const pool = (...reservations: readonly Reservation[]) => ({ spec: { nodes: { selector: {} }, reservations } });

  it.each([
    { name: 'none', of: pool(), is: Number.POSITIVE_INFINITY },
    { name: 'one that starts in a minute', of: pool(one({ startTime: '2027-01-10T08:01:00Z' })), is: 60_000 },
    { name: 'one that ends in a minute', of: pool(one({ startTime: '2027-01-10T07:01:00Z' })), is: 60_000 },
    { name: 'one that ends now', of: pool(one({ startTime: '2027-01-10T07:00:00Z' })), is: Number.POSITIVE_INFINITY },
    {
      name: 'the first of two',
      of: pool(one({ startTime: '2027-01-10T08:01:00Z' }), one({ startTime: '2027-01-10T07:00:30Z' })),
      is: 30_000,
    },
    { name: 'one that cannot be read', of: pool(one({ cron: '0 25 * * *' })), is: Number.POSITIVE_INFINITY },
  ])('$name', ({ of, is }) => {
    expect(nextReservationChange(of, NOW)).toBe(is);
  });
});
