import { expect, test } from 'vitest';

import { after, anchorFrom, boundaryAfter, periodBefore, prorated } from './calendar.ts';

const at = (time: string): number => Date.parse(`${time}Z`) / 1000;
const say = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(':00.000Z', '');
const monthly = { interval: 'month', interval_count: 1 } as const;
const yearly = { interval: 'year', interval_count: 1 } as const;
const weekly = { interval: 'week', interval_count: 2 } as const;

test.each([
  ['a month', '2026-01-15T10:00', monthly, 1, '2026-02-15T10:00'],
  ['from the 31st to the end of February', '2026-01-31T10:00', monthly, 1, '2026-02-28T10:00'],
  ['and back to the 31st', '2026-01-31T10:00', monthly, 2, '2026-03-31T10:00'],
  ['over the year', '2026-12-31T00:00', monthly, 2, '2027-02-28T00:00'],
  ['a leap day a year later', '2028-02-29T00:00', yearly, 1, '2029-02-28T00:00'],
  ['two weeks', '2026-02-20T00:00', weekly, 1, '2026-03-06T00:00'],
])('%s', (_, anchor, rhythm, count, expected) => {
  expect(say(after(at(anchor), rhythm, count))).toBe(expected);
});

test.each([
  ['within', '2026-03-10T00:00', '2026-03-31T00:00'],
  ['on the boundary: the next one', '2026-03-31T00:00', '2026-04-30T00:00'],
  ['before the anchor', '2026-01-10T00:00', '2026-01-31T00:00'],
])('the boundary after a time %s', (_, from, expected) => {
  expect(say(boundaryAfter(at('2026-01-31T00:00'), monthly, at(from)))).toBe(expected);
});

test('the period that ends at a boundary is a whole one', () => {
  const { start, end } = periodBefore(at('2026-03-01T00:00'), monthly, at('2026-03-01T00:00'));
  expect([say(start), say(end)]).toEqual(['2026-02-01T00:00', '2026-03-01T00:00']);
});

test.each([
  ['this month', { day_of_month: 20, hour: 0, minute: 0, second: 0 }, '2026-02-20T00:00'],
  ['today, but earlier', { day_of_month: 10, hour: 0, minute: 0, second: 0 }, '2026-03-10T00:00'],
  ['the last of the month', { day_of_month: 31, hour: 0, minute: 0, second: 0 }, '2026-02-28T00:00'],
])('the first %s', (_, config, expected) => {
  expect(say(anchorFrom(config, at('2026-02-10T12:00')))).toBe(expected);
});

test.each([
  [1000, 1, 2, 500],
  [1000, 1, 3, 333],
  [-1000, 2, 3, -667],
  [1, 1, 2, 1],
])('%i for %i of %i is %i', (amount, part, whole, expected) => {
  expect(prorated(amount, part, whole)).toBe(expected);
});
