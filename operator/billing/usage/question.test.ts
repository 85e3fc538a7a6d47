import { expect, test } from 'vitest';

import { questionOf } from './question.ts';

const now = Date.parse('2026-03-15T12:00:00Z');

test.each([
  ['no times: this month so far', { tenant: 'acme' }, '2026-03-01T00:00:00.000Z', '2026-03-15T12:00:00.000Z'],
  [
    'an offset',
    { tenant: 'acme', from: '2026-03-01T02:00:00+02:00' },
    '2026-03-01T00:00:00.000Z',
    '2026-03-15T12:00:00.000Z',
  ],
])('%s', (_, asked, from, to) => {
  expect(questionOf(asked, now)).toEqual({ tenant: 'acme', from, to });
});

test.each([
  ['no tenant', {}, 'name the tenant with --tenant'],
  ['a word', { tenant: 'acme', from: 'yesterday' }, '--from "yesterday" is no RFC 3339 time'],
  ['no zone', { tenant: 'acme', to: '2026-03-01T00:00:00' }, 'is no RFC 3339 time'],
  ['no such day', { tenant: 'acme', to: '2026-13-01T00:00:00Z' }, 'is no RFC 3339 time'],
  ['backwards', { tenant: 'acme', from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' }, 'is after --to'],
])('%s is refused', (_, asked, message) => {
  expect(() => questionOf(asked, now)).toThrow(message);
});
