import { describe, expect, it } from 'vitest';
import type { GPUPool } from '../../api/index.ts';
import { bookingsOf } from './calendar.ts';

const NOW = Date.parse('2027-01-10T08:00:00Z');
const HOUR = 3_600_000;

type Reservation = NonNullable<GPUPool['spec']['reservations']>[number];

function pool(...reservations: readonly Partial<Reservation>[]): GPUPool {
  const full = reservations.map(
    (one, at): Reservation => ({
      ...{ name: `r${at}`, tenant: 'ml', gpus: 2, durationSeconds: 7200 },
      ...one,
    }),
  );
  const nodes = { selector: { matchLabels: { a: 'b' } } };
  const metadata = { name: 'main' };
  return { apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'GPUPool', metadata, spec: { nodes, reservations: full } };
}

const starts = (of: GPUPool, now = NOW): readonly string[] =>
  bookingsOf(of, now).map(({ start }) => new Date(start).toISOString().slice(0, 16));

describe('the bookings of a pool', () => {
  it.each([
    { name: 'one that comes', of: pool({ startTime: '2027-01-10T09:00:00Z' }), is: ['2027-01-10T09:00'] },
    { name: 'one that runs', of: pool({ startTime: '2027-01-10T06:00:01Z' }), is: ['2027-01-10T06:00'] },
    { name: 'not one that has ended', of: pool({ startTime: '2027-01-10T06:00:00Z' }), is: [] },
    { name: 'not one that is far away', of: pool({ startTime: '2027-02-10T06:00:00Z' }), is: [] },
    { name: 'not one that cannot be read', of: pool({ cron: '0 25 * * *' }), is: [] },
  ])('$name', ({ of, is }) => {
    expect(starts(of)).toEqual(is);
  });

  it('come again by their cron, the one that runs among them, by start', () => {
    const found = starts(pool({ cron: '0 7 * * *', timeZone: 'UTC' }, { startTime: '2027-01-10T12:00:00Z' }));
    expect(found.slice(0, 3)).toEqual(['2027-01-10T07:00', '2027-01-10T12:00', '2027-01-11T07:00']);
    expect(found.length).toBe(16);
  });

  it('end in time although they are remembered', () => {
    const of = pool({ startTime: '2027-01-10T06:00:01Z' });
    expect(starts(of)).toHaveLength(1);
    expect(starts(of, NOW + 2000)).toEqual([]);
    expect(starts(pool({ cron: '0 9 * * *' }), NOW + HOUR)[0]).toBe('2027-01-10T09:00');
  });
});
