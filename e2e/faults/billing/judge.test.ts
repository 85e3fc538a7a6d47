import { expect, test } from 'vitest';

import { judge } from './judge.ts';
import type { PeerTruth } from './peer.ts';

const key = 'cus_0 gpu_seconds__l4 3600';
const truth = new Map([[key, 100n]]);
const event = (identifier: string) => ({ identifier, state: 'counted', voided: false });
const record = (value: string, ...identifiers: readonly string[]): PeerTruth => ({
  events: identifiers.map(event),
  hours: [{ customer: 'cus_0', eventName: 'gpu_seconds__l4', hour: 3600, value }],
  attempts: [],
  invoices: [],
});

test.each([
  ['exact', record('100', 'a', 'b'), { ACCEPTED: 1, ACCEPTED_DUP: 1, CONFIRMED: 1 }, [0n, 0n, 0], []],
  ['too little', record('99', 'a'), {}, [1n, 0n, 0], [`${key}: billed 99, true 100, -1 GPU-s`]],
  ['too much', record('101', 'a'), {}, [0n, 1n, 0], [`${key}: billed 101, true 100, 1 GPU-s`]],
  ['nothing', { ...record('0'), hours: [] }, {}, [100n, 0n, 0], [`${key}: billed 0, true 100, -100 GPU-s`]],
  ['one identifier twice', record('100', 'a', 'a'), {}, [0n, 0n, 1], ['a was counted twice']],
  ['held', record('100', 'a'), { HOLD: 2 }, [0n, 0n, 0], ['2 rows of the outbox are HOLD at the end']],
  ['unsent', record('100', 'a'), { PENDING: 1 }, [0n, 0n, 0], ['1 rows of the outbox are PENDING at the end']],
] as const)('%s', (_, peer, states, [lost, surplus, doubled], violations) => {
  expect(judge(truth, peer, states)).toMatchObject({ lost, surplus, doubled, violations });
});

test('where the newest event of an hour counts, an identifier may come twice and the sum must be right all the same', () => {
  expect(judge(truth, record('100', 'a', 'a'), {}, 'newest')).toMatchObject({ doubled: 0, violations: [] });
  expect(judge(truth, record('200', 'a', 'a'), {}, 'newest')).toMatchObject({ surplus: 100n });
});

test('what is missing in one hour is not made good by another', () => {
  const hours = [
    { customer: 'cus_0', eventName: 'gpu_seconds__l4', hour: 3600, value: '90' },
    { customer: 'cus_0', eventName: 'gpu_seconds__l4', hour: 7200, value: '10' },
  ];
  expect(judge(truth, { events: [], hours, attempts: [], invoices: [] }, {})).toMatchObject({
    lost: 10n,
    surplus: 10n,
  });
});
