import { changed, repeated, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'GPUPool',
  metadata: { name: 'sample-h100' },
  spec: {
    nodes: { selector: { matchLabels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' } } },
    sharing: { type: 'Exclusive' },
    scheduling: { packing: 'Fragmentation' },
  },
};

/** What a GPUPool takes and refuses. */
export const gpuPools: SampleTable = {
  kind: 'GPUPool',
  valid: [
    { name: 'whole GPUs', object: base },
    {
      name: 'without sharing and scheduling',
      object: changed(base, { 'spec.sharing': undefined, 'spec.scheduling': undefined }),
    },
    {
      name: 'time-slicing',
      object: changed(base, { 'spec.sharing': { type: 'TimeSlicing', timeSlicing: { replicas: 4 } } }),
    },
    { name: 'MPS', object: changed(base, { 'spec.sharing': { type: 'MPS', mps: { replicas: 48 } } }) },
    { name: 'MIG', object: changed(base, { 'spec.sharing': { type: 'MIG' } }) },
    {
      name: 'expressions only',
      object: changed(base, {
        'spec.nodes.selector': { matchExpressions: [{ key: 'nvidia.com/gpu.count', operator: 'Exists' }] },
      }),
    },
  ],
  invalid: [
    { name: 'no spec', object: changed(base, { spec: undefined }), says: 'spec: Required value' },
    { name: 'no nodes', object: changed(base, { 'spec.nodes': undefined }), says: 'spec.nodes: Required value' },
    {
      name: 'a selector that selects everything',
      object: changed(base, { 'spec.nodes.selector': {} }),
      says: 'selector must have at least one entry in matchLabels or matchExpressions',
    },
    {
      name: 'an unknown packing',
      object: changed(base, { 'spec.scheduling.packing': 'WorstFit' }),
      says: 'spec.scheduling.packing: Unsupported value: "WorstFit": supported values: "Fragmentation", "BestFit"',
    },
    {
      name: 'an unknown way to share',
      object: changed(base, { 'spec.sharing': { type: 'Magic' } }),
      says: 'spec.sharing.type: Unsupported value: "Magic": supported values: "Exclusive", "TimeSlicing", "MPS", "MIG"',
    },
    {
      name: 'time-slicing without its settings',
      object: changed(base, { 'spec.sharing': { type: 'TimeSlicing' } }),
      says: 'timeSlicing is required when type is TimeSlicing, and forbidden otherwise',
    },
    {
      name: 'the settings of another type',
      object: changed(base, { 'spec.sharing': { type: 'MIG', mps: { replicas: 2 } } }),
      says: 'mps is required when type is MPS, and forbidden otherwise',
    },
    {
      name: 'one replica',
      object: changed(base, { 'spec.sharing': { type: 'MPS', mps: { replicas: 1 } } }),
      says: 'spec.sharing.mps.replicas: Invalid value: 1: spec.sharing.mps.replicas in body should be greater than or equal to 2',
    },
    {
      name: 'half a replica',
      object: changed(base, { 'spec.sharing': { type: 'MPS', mps: { replicas: 2.5 } } }),
      says: 'spec.sharing.mps.replicas in body must be of type int32: "float64"',
    },
    {
      name: 'a field that does not exist',
      object: changed(base, { 'spec.size': 8 }),
      says: 'unknown field "spec.size"',
    },
    {
      name: 'a label value with a space',
      object: changed(base, { 'spec.nodes.selector.matchLabels': { model: 'H 100' } }),
      says: 'spec.nodes.selector.matchLabels.model in body should match',
    },
    {
      name: 'too many expressions',
      object: changed(base, {
        'spec.nodes.selector.matchExpressions': repeated(65, (index) => ({ key: `k${index}`, operator: 'Exists' })),
      }),
      says: 'spec.nodes.selector.matchExpressions: Too many: 65: must have at most 64 items',
    },
  ],
  updates: [{ name: 'another packing', from: base, to: changed(base, { 'spec.scheduling.packing': 'BestFit' }) }],
};
