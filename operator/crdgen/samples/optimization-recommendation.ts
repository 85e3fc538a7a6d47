import { changed, repeated, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'OptimizationRecommendation',
  metadata: { name: 'sample-idle-notebook', namespace: 'default' },
  spec: {
    policyRef: { name: 'idle' },
    targetRef: { apiVersion: 'v1', kind: 'Pod', name: 'notebook', uid: '6f2f1c52-6f3f-4a2f-9f57-1e9b8a2f0c11' },
    lever: 'Idle',
    current: '1 NVIDIA-L4 held',
    proposed: 'stop the pod',
    evidence: {
      queries: ['max_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE[30m])'],
      windowSeconds: 1800,
      samples: 120,
      coveragePercent: 100,
      observations: [{ name: 'engine-active', value: '0.00', unit: 'percent' }],
    },
    predicted: { gpuSecondsPerMonth: '2592000', moneyPerMonth: '576.00', currency: 'usd' },
    reason: 'The pod held a GPU for 30 minutes and did not use it.',
  },
};
const immutable = 'spec is immutable: a changed proposal is a new OptimizationRecommendation';

/** What an OptimizationRecommendation takes and refuses. */
export const optimizationRecommendations: SampleTable = {
  kind: 'OptimizationRecommendation',
  valid: [
    { name: 'with money', object: base },
    {
      name: 'without money',
      object: changed(base, { 'spec.predicted.moneyPerMonth': undefined, 'spec.predicted.currency': undefined }),
    },
  ],
  invalid: [
    {
      name: 'another lever',
      object: changed(base, { 'spec.lever': 'Overclock' }),
      says: 'spec.lever: Unsupported value: "Overclock": supported values: "Idle"',
    },
    {
      name: 'no evidence',
      object: changed(base, { 'spec.evidence': undefined }),
      says: 'spec.evidence: Required value',
    },
    {
      name: 'a target without uid',
      object: changed(base, { 'spec.targetRef.uid': undefined }),
      says: 'spec.targetRef.uid: Required value',
    },
    {
      name: 'GPU time as a number',
      object: changed(base, { 'spec.predicted.gpuSecondsPerMonth': 2592000 }),
      says: 'spec.predicted.gpuSecondsPerMonth in body must be of type string: "integer"',
    },
    {
      name: 'a negative number of samples',
      object: changed(base, { 'spec.evidence.samples': -1 }),
      says: 'spec.evidence.samples in body should be greater than or equal to 0',
    },
    {
      name: 'too many queries',
      object: changed(base, { 'spec.evidence.queries': repeated(9, (index) => `q${index}`) }),
      says: 'spec.evidence.queries: Too many: 9: must have at most 8 items',
    },
    {
      name: 'a sentence too long',
      object: changed(base, { 'spec.reason': 'x'.repeat(1025) }),
      says: 'spec.reason: Too long: may not be more than 1024 bytes',
    },
  ],
  updates: [
    { name: 'the same again', from: base, to: base },
    { name: 'another sentence', from: base, to: changed(base, { 'spec.reason': 'Another.' }), says: immutable },
  ],
};
