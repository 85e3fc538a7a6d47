import { expect, test } from 'vitest';
import { type PeriodUnit, periodKey } from './period.ts';

const rows: readonly {
  readonly name: string;
  readonly unit: PeriodUnit;
  readonly at: string;
  readonly zone: string;
  readonly key: string;
}[] = [
  {
    name: 'an hour is one of UTC',
    unit: 'Hour',
    at: '2026-10-25T00:30:00Z',
    zone: 'Europe/Berlin',
    key: '2026-10-25T00Z',
  },
  {
    name: 'the repeated local 02:30 is another hour',
    unit: 'Hour',
    at: '2026-10-25T01:30:00Z',
    zone: 'Europe/Berlin',
    key: '2026-10-25T01Z',
  },
  {
    name: 'the first 02:30 of the autumn change',
    unit: 'Day',
    at: '2026-10-25T00:30:00Z',
    zone: 'Europe/Berlin',
    key: '2026-10-25',
  },
  {
    name: 'the second 02:30 is the same day',
    unit: 'Day',
    at: '2026-10-25T01:30:00Z',
    zone: 'Europe/Berlin',
    key: '2026-10-25',
  },
  { name: 'a day is one of the zone', unit: 'Day', at: '2026-12-01T23:30:00Z', zone: 'Asia/Tokyo', key: '2026-12-02' },
  { name: 'a week that began last year', unit: 'Week', at: '2027-01-01T12:00:00Z', zone: 'Etc/UTC', key: '2026-W53' },
  { name: 'the first week of a year', unit: 'Week', at: '2027-01-04T00:00:00Z', zone: 'Etc/UTC', key: '2027-W01' },
  { name: 'a month of the zone', unit: 'Month', at: '2026-11-30T23:30:00Z', zone: 'Europe/Berlin', key: '2026-12' },
];

test.for(rows)('$name: $key', ({ unit, at, zone, key }) => {
  expect(periodKey(unit, new Date(at), zone)).toBe(key);
});

test('an unknown zone is refused', () => {
  expect(() => periodKey('Day', new Date(0), 'Europe/Nowhere')).toThrow(RangeError);
});
