import { expect, test } from 'vitest';

import type { BillingProvider, Condition } from '../../api/index.ts';
import { isReady, standsOtherwise } from './open.ts';

interface Sketch {
  readonly generation?: number;
  readonly look?: string;
  readonly ready?: Condition['status'];
  readonly inStep?: Condition['status'];
  readonly accepted?: number;
}

function providerOf({ generation = 1, look, ready = 'True', inStep = 'True', accepted = 0 }: Sketch): BillingProvider {
  const said = { reason: 'Said', message: '', lastTransitionTime: '2026-06-01T00:00:00Z', observedGeneration: 1 };
  const annotations: Record<string, string> = look === undefined ? {} : { 'gpuoptimizer.io/compare-catalog': look };
  return {
    ...{ apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'BillingProvider' },
    metadata: { name: 'stripe', uid: 'p', generation, annotations },
    spec: { type: 'Stripe', mode: 'Test', secretRef: { name: 'stripe', key: 'key' } },
    status: {
      rows: { accepted, pending: 0, rejected: 0, held: 0 },
      conditions: [
        { type: 'Ready', status: ready, ...said },
        { type: 'CatalogInStep', status: inStep, ...said },
      ],
    },
  };
}

test.each<[string, Sketch, boolean]>([
  ['nothing', {}, false],
  ['rows were accepted', { accepted: 9 }, false],
  ['the spec', { generation: 2 }, true],
  ['a person asks to look', { look: 'now' }, true],
  ['it is no longer Ready', { ready: 'False' }, true],
  ['its catalog is off', { inStep: 'False' }, true],
])('what has changed: %s', (_, change, expected) => {
  const now = providerOf(change);
  expect([standsOtherwise(now, providerOf({})), standsOtherwise(now, undefined)]).toEqual([expected, true]);
  expect(isReady(now)).toBe(change.ready !== 'False');
});
