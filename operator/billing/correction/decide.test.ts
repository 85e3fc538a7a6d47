import { expect, test } from 'vitest';

import { type Asked, type CorrectionFacts, type Refusal, refusal } from './decide.ts';

const eventAt = Date.parse('2026-01-01T00:59:59Z');
const day = 86_400_000;
const world: CorrectionFacts = { total: 3600n, eventAt, invoiced: false, takesLate: false, acknowledged: 3600n };
const less: Asked = { quantity: -600n, held: undefined };
const taken: Asked = { quantity: 0n, held: 'Recorded' };
const again: Asked = { quantity: 0n, held: 'Send' };

test.each<[string, Asked, Partial<CorrectionFacts>, number, Refusal['reason'] | undefined]>([
  ['less', less, {}, 1, undefined],
  ['all of it', { ...less, quantity: -3600n }, {}, 1, undefined],
  ['more than it holds', { ...less, quantity: -3601n }, {}, 1, 'BelowZero'],
  ['more, of a window that late news made negative', { ...less, quantity: 1n }, { total: -5n }, 1, undefined],
  ['an end, and nothing is held', taken, {}, 1, 'NothingHeld'],
  ['a row is recorded', taken, { heldRows: 60n }, 1, undefined],
  ['a row is recorded, and more was used', { ...taken, quantity: 1n }, { heldRows: 60n }, 1, 'SumsDiffer'],
  ['the sum of the provider', { ...taken, quantity: -600n }, { theirs: 3000n }, 1, undefined],
  ['another than the sum of the provider', { ...taken, quantity: -601n }, { theirs: 3000n }, 1, 'SumsDiffer'],
  ['its sum has the held row', taken, { theirs: 3660n, heldRows: 60n }, 1, undefined],
  [
    'nobody here sent anything: its sum',
    { ...taken, quantity: 7n },
    { acknowledged: undefined, theirs: 7n },
    1,
    undefined,
  ],
  ['nobody here sent anything: sent again', again, { acknowledged: undefined, theirs: 7n }, 1, 'NothingHeld'],
  ['a difference is sent', again, { theirs: 3000n }, 1, undefined],
  ['the invoice is final', less, { invoiced: true }, 1, 'InvoiceClosed'],
  ['the invoice is final, what is held is sent', again, { theirs: 1n, invoiced: true }, 1, 'InvoiceClosed'],
  ['the invoice is final, nothing is sent', taken, { theirs: 3600n, invoiced: true }, 1, undefined],
  ['the invoice is final, and more goes on the next', less, { invoiced: true, takesLate: true }, 61, undefined],
  ['more than commitments follow', less, { invoiced: true, takesLate: true }, 62, 'TooOld'],
  [
    'the invoice is final, what is held goes on the next',
    again,
    { heldRows: 60n, invoiced: true, takesLate: true },
    1,
    undefined,
  ],
  [
    'the invoice is final, and who knows what was billed',
    less,
    { invoiced: true, takesLate: true, heldRows: 60n },
    1,
    'InvoiceClosed',
  ],
  [
    'the invoice is final, a difference of events is sent though usage goes on the next',
    again,
    { theirs: 1n, invoiced: true, takesLate: true },
    1,
    'InvoiceClosed',
  ],
  ['old, no invoice is known, more would go on the next', less, { takesLate: true }, 99, 'TooOld'],
  ['an hour before the provider refuses it', less, {}, 35 - 1 / 24, 'TooOld'],
  ['a moment earlier', less, {}, 35 - 1 / 24 - 1 / 86_400, undefined],
  ['old, nothing is sent', taken, { heldRows: 60n }, 99, undefined],
])('%s', (_, asked, facts, days, reason) => {
  expect(refusal(asked, { ...world, ...facts }, eventAt + days * day)?.reason).toBe(reason);
});

test.each<[bigint, string]>([
  [-600n, 'a credit note at the provider over 600 GPU-seconds'],
  [600n, 'an invoice item at the provider over 600 GPU-seconds'],
])('what remains once nothing can be sent: %s', (quantity, expected) => {
  for (const facts of [
    { ...world, invoiced: true },
    { ...world, eventAt: eventAt - 40 * day },
  ]) {
    expect(refusal({ quantity, held: undefined }, facts, eventAt)?.message).toContain(expected);
  }
});
