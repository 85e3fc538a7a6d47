import { expect, test } from 'vitest';

import { type AcknowledgedRow, decideHour, type HourFacts, settleMillis, type Verdict } from './decide.ts';

const now = Date.parse('2026-01-01T06:00:00Z');
const row = (id: bigint, quantity: bigint, change: Partial<AcknowledgedRow> = {}): AcknowledgedRow => ({
  ...{ id, quantity, reported: false, isReplacement: false },
  ...change,
});
const rows = [row(1n, 3600n), row(2n, 1800n)];
const read = (theirs: bigint, ago = settleMillis, ours = 5400n) => ({ ours, theirs, at: now - ago, held: false });

const world: HourFacts = {
  ...{ acknowledged: rows, theirs: 5400n, unsettled: 0 },
  ...{ disputed: false, invoiced: false, restored: false },
};

test.each<[string, Partial<HourFacts>, Verdict | 'hold']>([
  ['the sums are equal', {}, { kind: 'level' }],
  ['a row is on its way: the sums move', { theirs: 3600n, unsettled: 1 }, { kind: 'unsettled' }],
  ['a row is held: no sum proves anything', { theirs: 3600n, disputed: true }, { kind: 'unsettled' }],
  ['seen for the first time', { theirs: 3600n }, { kind: 'seen' }],
  ['seen a moment ago', { theirs: 3600n, before: read(3600n, settleMillis - 1) }, { kind: 'seen' }],
  ['held a moment ago: it stays held', { theirs: 15_401n, before: { ...read(15_401n, 0), held: true } }, 'hold'],
  ['their sum has moved', { theirs: 3600n, before: read(0n) }, { kind: 'seen' }],
  ['our sum has moved', { theirs: 3600n, before: read(3600n, settleMillis, 3600n) }, { kind: 'seen' }],
  ['lost', { theirs: 3600n, before: read(3600n) }, { kind: 'correct', difference: 1800n }],
  ['doubled', { theirs: 9000n, before: read(9000n) }, { kind: 'correct', difference: -3600n }],
  ['altered', { theirs: 5401n, before: read(5401n) }, { kind: 'correct', difference: -1n }],
  ['beyond the bound', { theirs: 15_401n, before: read(15_401n) }, 'hold'],
  ['at the bound', { theirs: 15_400n, before: read(15_400n) }, { kind: 'correct', difference: -10_000n }],
  ['not from here', { acknowledged: [], theirs: 7n, before: read(7n, settleMillis, 0n) }, 'hold'],
  ['more there, and the database was put back', { theirs: 9000n, restored: true, before: read(9000n) }, 'hold'],
  [
    'lost, and the database was put back',
    { theirs: 3600n, restored: true, before: read(3600n) },
    { kind: 'correct', difference: 1800n },
  ],
  ['the invoice is closed', { theirs: 3600n, invoiced: true, before: read(3600n) }, 'hold'],
  [
    'the provider reported the row that is missing',
    { acknowledged: [row(1n, 3600n), row(2n, 1800n, { reported: true })], theirs: 3600n, before: read(3600n) },
    { kind: 'replace', rows: [2n] },
  ],
  [
    'what it reported does not explain the difference',
    { acknowledged: [row(1n, 3600n), row(2n, 1800n, { reported: true })], theirs: 1800n, before: read(1800n) },
    { kind: 'correct', difference: 3600n },
  ],
  [
    'the row that replaced another is not counted either',
    {
      acknowledged: [row(1n, 3600n), row(2n, 1800n, { reported: true, isReplacement: true })],
      ...{ theirs: 3600n, before: read(3600n) },
    },
    'hold',
  ],
])('%s', (_, change, expected) => {
  const verdict = decideHour({ ...world, ...change }, 10_000n, now);
  if (expected === 'hold') return expect(verdict.kind).toBe('hold');
  expect(verdict).toEqual(expected);
});
