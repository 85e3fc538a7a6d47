import { expect, test } from 'vitest';

import { type Draft, dueScopes } from './schedule.ts';

const now = Date.parse('2026-02-10T05:20:30Z');
const at = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 13);
const draft = (start: string, end: string): Draft => ({
  ...{ invoice: 'in_1', customer: 'cus_1' },
  ...{ start: Date.parse(start), end: Date.parse(end) },
});

test.each<[string, Readonly<Record<string, number>>, readonly Draft[], readonly string[]]>([
  ['nothing was ever compared', {}, [], ['hour 2026-02-09T03 2026-02-10T06', 'day 2026-01-07T00 2026-02-11T00']],
  ['an hour after the last hourly one', { hour: 3600, day: 3600 }, [], ['hour 2026-02-09T03 2026-02-10T06']],
  ['a moment earlier', { hour: 3599, day: 3599 }, [], []],
  ['a day after the last daily one', { hour: 0, day: 86_400 }, [], ['day 2026-01-07T00 2026-02-11T00']],
  [
    'an invoice was drafted',
    { hour: 0, day: 0 },
    [draft('2026-01-10T12:00:00Z', '2026-02-10T12:00:00Z')],
    ['invoice/in_1 2026-01-10T00 2026-02-11T00'],
  ],
  [
    'an invoice that was looked at',
    { hour: 0, day: 0, 'invoice/in_1': 9 },
    [draft('2026-01-10T12:00:00Z', '2026-02-10T12:00:00Z')],
    [],
  ],
  [
    'only days that can be corrected',
    { hour: 0, day: 0 },
    [draft('2025-12-10T00:00:00Z', '2026-01-10T00:00:00Z')],
    ['invoice/in_1 2026-01-07T00 2026-01-10T00'],
  ],
  ['an old draft', { hour: 0, day: 0 }, [draft('2025-11-10T00:00:00Z', '2025-12-10T00:00:00Z')], []],
])('%s', (_, ago, drafts, expected) => {
  const scopes = dueScopes(now, drafts, (name) => (ago[name] === undefined ? undefined : now - ago[name] * 1000));
  expect(scopes.map(({ name, from, to }) => `${name} ${at(from)} ${at(to)}`)).toEqual(expected);
});
