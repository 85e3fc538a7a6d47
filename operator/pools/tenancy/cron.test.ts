import { describe, expect, it } from 'vitest';
import { CronError, parseCron } from './cron.ts';

interface Row {
  readonly name: string;
  readonly cron: string;
  readonly zone?: string;
  readonly from: string;
  readonly days?: number;
  readonly due: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'every night',
    cron: '0 1 * * *',
    from: '2027-01-10T08:00Z',
    due: ['2027-01-11T01:00Z', '2027-01-12T01:00Z'],
  },
  {
    name: 'in a zone, where the clocks go forward',
    cron: '0 1 * * *',
    zone: 'Europe/Berlin',
    from: '2027-03-27T12:00Z',
    due: ['2027-03-28T00:00Z', '2027-03-28T23:00Z'],
  },
  {
    name: 'an hour that is left out is not due',
    cron: '30 2 * * *',
    zone: 'Europe/Berlin',
    from: '2027-03-27T12:00Z',
    due: ['2027-03-29T00:30Z'],
  },
  {
    name: 'a zone that is off by three quarters of an hour',
    cron: '0 6 * * *',
    zone: 'Asia/Kathmandu',
    from: '2027-01-10T08:00Z',
    days: 1,
    due: ['2027-01-11T00:15Z'],
  },
  {
    name: 'lists, ranges and steps',
    cron: '*/30 8-9,20 * * *',
    from: '2027-01-10T08:10Z',
    days: 1,
    due: [
      '2027-01-10T08:30Z',
      '2027-01-10T09:00Z',
      '2027-01-10T09:30Z',
      '2027-01-10T20:00Z',
      '2027-01-10T20:30Z',
      '2027-01-11T08:00Z',
    ],
  },
  {
    name: 'Sunday is 0 and 7',
    cron: '0 0 * * 7',
    from: '2027-01-01T00:00Z',
    days: 8,
    due: ['2027-01-03T00:00Z'],
  },
  {
    name: 'a day or a day of week, where both are said',
    cron: '0 0 5 * 0',
    from: '2027-01-01T00:00Z',
    days: 8,
    due: ['2027-01-03T00:00Z', '2027-01-05T00:00Z'],
  },
  { name: 'from its very minute', cron: '0 1 * * *', from: '2027-01-11T01:00Z', days: 1, due: ['2027-01-11T01:00Z'] },
];

const DAY = 86_400_000;

describe('a schedule', () => {
  it.each(rows)('$name', ({ cron, zone, from, days = 2, due }) => {
    const start = Date.parse(from);
    const found = parseCron(cron, zone).between(start, start + days * DAY, 100);
    expect(found.map((at) => new Date(at).toISOString().replace(':00.000Z', 'Z'))).toEqual(due);
  });

  it('stops at the most that is asked for', () => {
    expect(parseCron('* * * * *').between(0, DAY, 3)).toEqual([0, 60_000, 120_000]);
  });

  it.each([
    ['0 1 * *', 'has 4 fields'],
    ['60 1 * * *', '"60" for the minute'],
    ['0 1 * * 1-9', '"1-9" for the day of week'],
    ['0 5-1 * * *', '"5-1" for the hour'],
    ['*/0 1 * * *', '"*/0" for the minute'],
    ['0 x * * *', '"x" for the hour'],
  ])('refuses %s', (cron, words) => {
    expect(() => parseCron(cron)).toThrow(CronError);
    expect(() => parseCron(cron)).toThrow(words);
  });

  it('refuses a zone that is not known', () => {
    expect(() => parseCron('0 1 * * *', 'Europe/Atlantis')).toThrow('Europe/Atlantis');
  });
});
