import { expect, test } from 'vitest';
import type { Difference } from '../oracles/reference.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../plan/trace.ts';
import { owed, prepare } from './run-plan.ts';

const made = 'serviceaccounts PLAN/job';
const trace: Trace = {
  ...{ workload: 'w', points: [], frames: [], references: [], unattendedFrom: 0, writes: 1 },
  effects: new Map([[`create ${made}`, { least: 1, most: 1 }]]),
};
const point = 'p';
const plan: Plan = { id: 'w/away/1', workload: 'w', step: 0, injection: { kind: 'write', fault: 'away', point } };
const missing = (object: string): Difference => ({ kind: 'missing', object, expected: 'exists', actual: 'absent' });
const surplus: Difference = { kind: 'surplus', object: made, expected: 'absent', actual: 'exists' };

test.each([
  ['one that was there all the time owes what it makes', undefined, [missing(made)], [missing(made)]],
  ['one that came back to nothing need not have made it', true, [missing(made)], []],
  ['nor may anything else be gone', true, [missing('namespaces PLAN')], [missing('namespaces PLAN')]],
  ['nor may it leave anything', true, [surplus], [surplus]],
] as const)('%s', (_, returned, found, left) => {
  const running = {
    ...prepare(
      plan,
      'zz0001',
      { name: 'w', steps: [{ name: 's', act: async () => undefined }], leavings: () => [] },
      trace,
    ),
    returned,
  };
  expect(owed(running, found)).toEqual(left);
});
