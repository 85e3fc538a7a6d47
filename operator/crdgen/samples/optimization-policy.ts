import { changed, repeated, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'OptimizationPolicy',
  metadata: { name: 'sample-idle', namespace: 'default' },
  spec: {
    mode: 'Recommend',
    podSelector: { matchLabels: { app: 'notebook' } },
    telemetry: { maxStalenessSeconds: 180, minCoveragePercent: 90 },
    idle: { belowPercent: 1, windowSeconds: 1800 },
    prices: { currency: 'usd', gpuHours: [{ model: 'NVIDIA-L4', perHour: '0.80' }] },
  },
};

/** What an OptimizationPolicy takes and refuses. */
export const optimizationPolicies: SampleTable = {
  kind: 'OptimizationPolicy',
  valid: [
    { name: 'everything said', object: base },
    { name: 'nothing said', object: changed(base, { spec: {} }) },
    { name: 'observing only', object: changed(base, { 'spec.mode': 'Observe' }) },
  ],
  invalid: [
    {
      name: 'a mode that acts',
      object: changed(base, { 'spec.mode': 'Enforce' }),
      says: 'spec.mode: Unsupported value: "Enforce": supported values: "Observe", "Recommend"',
    },
    {
      name: 'a share above all',
      object: changed(base, { 'spec.telemetry.minCoveragePercent': 101 }),
      says: 'spec.telemetry.minCoveragePercent in body should be less than or equal to 100',
    },
    {
      name: 'a staleness below the scrape interval',
      object: changed(base, { 'spec.telemetry.maxStalenessSeconds': 5 }),
      says: 'spec.telemetry.maxStalenessSeconds in body should be greater than or equal to 15',
    },
    {
      name: 'a window in words',
      object: changed(base, { 'spec.idle.windowSeconds': '30m' }),
      says: 'spec.idle.windowSeconds in body must be of type integer: "string"',
    },
    {
      name: 'idle at half load',
      object: changed(base, { 'spec.idle.belowPercent': 50 }),
      says: 'spec.idle.belowPercent in body should be less than or equal to 20',
    },
    {
      name: 'prices without a currency',
      object: changed(base, { 'spec.prices.currency': undefined }),
      says: 'spec.prices.currency: Required value',
    },
    {
      name: 'two prices for one model',
      object: changed(base, { 'spec.prices.gpuHours': repeated(2, () => ({ model: 'NVIDIA-L4', perHour: '1' })) }),
      says: 'spec.prices.gpuHours[1]: Duplicate value: {"model":"NVIDIA-L4"}',
    },
    {
      name: 'an unknown operator',
      object: changed(base, { 'spec.podSelector': { matchExpressions: [{ key: 'a', operator: 'Like' }] } }),
      says: 'spec.podSelector.matchExpressions[0].operator: Unsupported value: "Like"',
    },
  ],
  updates: [{ name: 'to observing', from: base, to: changed(base, { 'spec.mode': 'Observe' }) }],
};
