import { expect, test } from 'vitest';

import type { Delivery } from '../sinks/sink.ts';
import { judge, nextStep, type RowFacts, settle } from './decide.ts';

const capabilities = { dedupeSeconds: 86_400, backdateSeconds: 35 * 86_400 };
const hour = 3_600_000;
const now = 40 * 24 * hour;
const row: RowFacts = { eventAt: now - hour, quantity: 3600n };

test.each<[string, Partial<RowFacts>, object]>([
  ['new', {}, { kind: 'send' }],
  ['unknown for 22 h 59', { guardFrom: now - 23 * hour + 60_000 }, { kind: 'send' }],
  ['unknown for 23 h: never blindly', { guardFrom: now - 23 * hour }, { kind: 'read' }],
  [
    'read a minute ago',
    { guardFrom: now - 23 * hour, read: { value: 0n, at: now - 60_000 } },
    { kind: 'wait', until: now + 60_000 },
  ],
  ['read two minutes ago', { guardFrom: now - 23 * hour, read: { value: 0n, at: now - 120_000 } }, { kind: 'read' }],
  [
    'older than the provider takes',
    { eventAt: now - 35 * 24 * hour },
    { kind: 'hold', reason: 'usage is 35 days old and the provider takes none so old' },
  ],
  ['late, and was never sent', { late: true }, { kind: 'late' }],
  ['late, and so old that the provider takes none', { late: true, eventAt: now - 99 * 24 * hour }, { kind: 'late' }],
  ['late, and may have been sent', { late: true, guardFrom: now - 60_000 }, { kind: 'read' }],
  [
    'late, and its whole hour was stated when that was final',
    { late: true, guardFrom: now - 60_000, statesHour: true, unbilled: true },
    { kind: 'late' },
  ],
  ['old, but perhaps there already', { eventAt: now - 35 * 24 * hour, guardFrom: now - 30 * hour }, { kind: 'read' }],
])('a row that is %s', (_, change, expected) => {
  expect(nextStep({ ...row, ...change }, capabilities, now)).toEqual(expected);
});

test.each<[string, readonly bigint[], bigint | undefined, bigint, string]>([
  ['first reading', [], undefined, 7200n, 'again'],
  ['readings differ', [], 3600n, 7200n, 'again'],
  ['with the row', [], 7200n, 7200n, 'recorded'],
  ['without the row', [], 3600n, 3600n, 'absent'],
  ['neither', [], 5000n, 5000n, 'unclear'],
  ['all that is doubtful is there', [500n, 70n], 7770n, 7770n, 'recorded'],
  ['nothing that is doubtful is there', [500n, 70n], 3600n, 3600n, 'absent'],
  ['only another doubtful one is there', [500n, 70n], 4100n, 4100n, 'absent'],
  ['the row and one other are there', [500n, 70n], 7270n, 7270n, 'recorded'],
  ['a correction that takes away may be there', [-600n], 6600n, 6600n, 'recorded'],
  ['one of two equal ones is there', [3600n], 7200n, 7200n, 'unclear'],
  ['two others explain it as well', [3000n, 600n], 7200n, 7200n, 'unclear'],
  ['neither, with doubtful ones', [500n], 5000n, 5000n, 'unclear'],
  ['more doubtful ones than can be told apart', Array.from({ length: 17 }, () => 1n), 7200n, 7200n, 'unclear'],
])('read-back, %s', (_, doubtful, before, recorded, verdict) => {
  expect(judge(3600n, { recorded: 3600n, doubtful }, before, recorded)).toBe(verdict);
});

test.each<[string, Delivery, number, object]>([
  ['200', { kind: 'accepted' }, 1, { state: 'ACCEPTED' }],
  ['duplicate: delivered before', { kind: 'duplicate' }, 2, { state: 'ACCEPTED_DUP' }],
  [
    'other 400',
    { kind: 'rejected', code: 'no_meter', message: 'none' },
    1,
    { state: 'REJECTED', error: 'no_meter: none' },
  ],
  ['401', { kind: 'refused', reason: 'auth', message: 'bad key' }, 1, { state: 'PENDING', error: 'bad key' }],
  ['500', { kind: 'unknown', reason: '500' }, 1, { state: 'UNKNOWN', error: '500', nextAttemptAt: now + 1000 }],
  ['500 again', { kind: 'unknown', reason: '500' }, 4, { state: 'UNKNOWN', error: '500', nextAttemptAt: now + 8000 }],
  [
    '500 for ever',
    { kind: 'unknown', reason: '500' },
    99,
    { state: 'UNKNOWN', error: '500', nextAttemptAt: now + 300_000 },
  ],
  [
    '429 with a wish',
    { kind: 'unknown', reason: '429', retryAfterMillis: 5000 },
    1,
    { state: 'UNKNOWN', error: '429', nextAttemptAt: now + 5000 },
  ],
])('%s', (_, delivery, attempts, expected) => {
  expect(settle(delivery, attempts, now)).toEqual(expected);
});
