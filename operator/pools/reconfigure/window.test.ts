import { expect, it } from 'vitest';
import type { ChangeWindow } from '../../api/index.ts';
import { isOpen } from './window.ts';

const rows: readonly (readonly [string, readonly ChangeWindow[] | undefined, string, boolean])[] = [
  ['none at all', undefined, '2027-01-10T08:00:00Z', true],
  ['an empty list', [], '2027-01-10T08:00:00Z', true],
  ['before it opens', [{ start: '01:30', durationSeconds: 3600 }], '2027-01-10T01:29:59Z', false],
  ['as it opens', [{ start: '01:30', durationSeconds: 3600 }], '2027-01-10T01:30:00Z', true],
  ['as it closes', [{ start: '01:30', durationSeconds: 3600 }], '2027-01-10T02:30:00Z', false],
  ['on its day', [{ start: '00:00', durationSeconds: 3600, days: ['Sunday'] }], '2027-01-10T00:10:00Z', true],
  ['on another day', [{ start: '00:00', durationSeconds: 3600, days: ['Monday'] }], '2027-01-10T00:10:00Z', false],
  ['past midnight', [{ start: '23:00', durationSeconds: 7200, days: ['Saturday'] }], '2027-01-10T00:30:00Z', true],
  [
    'past midnight of another',
    [{ start: '23:00', durationSeconds: 7200, days: ['Sunday'] }],
    '2027-01-10T00:30:00Z',
    false,
  ],
  ['all day', [{ start: '12:00', durationSeconds: 86_400 }], '2027-01-10T11:59:59Z', true],
  [
    'where the clocks are an hour ahead',
    [{ start: '01:00', durationSeconds: 60, timeZone: 'Europe/Berlin' }],
    '2027-01-10T00:00:30Z',
    true,
  ],
  [
    'in no known zone',
    [{ start: '00:00', durationSeconds: 86_400, timeZone: 'Nowhere' }],
    '2027-01-10T00:00:00Z',
    false,
  ],
];

it.each(rows)('a window: %s', (_, windows, at, open) => {
  expect(isOpen(windows, new Date(at))).toBe(open);
});
