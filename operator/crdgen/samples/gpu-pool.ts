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

const untimed = { name: 'nightly', tenant: 'etl', gpus: 8, durationSeconds: 14_400 };
const nightly = { ...untimed, cron: '0 1 * * *' };

/** Selects nodes of whatever model. */
const anyModel = { 'spec.nodes.selector': { matchLabels: { 'nvidia.com/gpu.present': 'true' } } };

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
    {
      name: 'shared by tenants, with reservations',
      object: changed(base, {
        'spec.tenancy': { default: { guaranteed: 2, weight: 1 }, borrowing: 'None', halfLifeSeconds: 3600 },
        'spec.scheduling': { preemption: 'Priority' },
        'spec.reservations': [
          { name: 'once', tenant: 'ml', gpus: 64, startTime: '2027-01-10T08:00:00Z', durationSeconds: 3600 },
          { ...nightly, timeZone: 'Europe/Berlin', backfill: 'Preemptible' },
          { ...nightly, name: 'of-a-model', model: 'NVIDIA-H100-80GB-HBM3' },
        ],
      }),
    },
    {
      name: 'with pods moved at night',
      object: changed(base, {
        'spec.defragmentation': {
          ...{ mode: 'Apply', afterSeconds: 60, minRunSeconds: 3600, minGpusPerPodHour: 4, maxMovesPerHour: 6 },
          windows: [{ start: '22:00', durationSeconds: 28_800 }],
        },
      }),
    },
    { name: 'MPS', object: changed(base, { 'spec.sharing': { type: 'MPS', mps: { replicas: 48 } } }) },
    { name: 'MIG', object: changed(base, { 'spec.sharing': { type: 'MIG' } }) },
    {
      name: 'MIG, the same cut on every node',
      object: changed(base, {
        'spec.sharing': {
          type: 'MIG',
          mig: { type: 'Static', static: { layouts: [{ gpus: 2, devices: [{ profile: '1g.10gb+me', count: 1 }] }] } },
        },
      }),
    },
    {
      name: 'MIG by demand, with everything said about its nodes',
      object: changed(base, {
        'spec.sharing': { type: 'MIG', mig: { type: 'Dynamic', dynamic: { demandSeconds: 60 } } },
        'spec.labels': { 'example.com/team': 'ml' },
        'spec.taints': [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }],
        'spec.health': { signals: ['Xid'], action: 'DrainAffected', quietSeconds: 60 },
        'spec.reconfiguration': {
          mode: 'DryRun',
          uncertainPods: 'Drain',
          windows: [{ days: ['Sunday'], start: '01:30', durationSeconds: 3600, timeZone: 'Europe/Berlin' }],
        },
      }),
    },
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
      name: 'more moves in an hour than status has room for',
      object: changed(base, { 'spec.defragmentation': { maxMovesPerHour: 61 } }),
      says: 'spec.defragmentation.maxMovesPerHour',
    },
    {
      name: 'a selector that selects everything',
      object: changed(base, { 'spec.nodes.selector': {} }),
      says: 'selector must have at least one entry in matchLabels or matchExpressions',
    },
    {
      name: 'a reservation without a time',
      object: changed(base, { 'spec.reservations': [untimed] }),
      says: 'set either startTime, for one time, or cron',
    },
    {
      name: 'a reservation with two times',
      object: changed(base, { 'spec.reservations': [{ ...nightly, startTime: '2027-01-10T08:00:00Z' }] }),
      says: 'set either startTime, for one time, or cron',
    },
    {
      name: 'a reservation of a model that is no name of one',
      object: changed(base, { 'spec.reservations': [{ ...nightly, model: 'H100 80GB' }], ...anyModel }),
      says: 'spec.reservations[0].model in body should match',
    },
    {
      name: 'a reservation of a way to share',
      object: changed(base, {
        'spec.reservations': [{ ...nightly, model: 'NVIDIA-H100-80GB-HBM3-SHARED' }],
        ...anyModel,
      }),
      says: 'leave out -SHARED and -MIG-',
    },
    {
      name: 'a reservation of a model that the pool does not select',
      object: changed(base, { 'spec.reservations': [{ ...nightly, model: 'NVIDIA-A100-SXM4-80GB' }] }),
      says: 'the pool selects nodes by nvidia.com/gpu.product, and a reservation is of another model',
    },
    {
      name: 'a cron in words',
      object: changed(base, { 'spec.reservations': [{ ...nightly, cron: 'every night at one' }] }),
      says: 'spec.reservations[0].cron in body should',
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
      name: 'a profile that is no name of one',
      object: changed(base, {
        'spec.sharing': {
          type: 'MIG',
          mig: { type: 'Static', static: { layouts: [{ gpus: 1, devices: [{ profile: '8g.10', count: 1 }] }] } },
        },
      }),
      says: 'spec.sharing.mig.static.layouts[0].devices[0].profile in body should match',
    },
    {
      name: 'a static cut without layouts',
      object: changed(base, { 'spec.sharing': { type: 'MIG', mig: { type: 'Static' } } }),
      says: 'static is required when type is Static, and forbidden otherwise',
    },
    {
      name: 'a window that opens at no time',
      object: changed(base, { 'spec.reconfiguration': { windows: [{ start: '25:00', durationSeconds: 60 }] } }),
      says: 'spec.reconfiguration.windows[0].start in body should match',
    },
    {
      name: 'no node at a time',
      object: changed(base, { 'spec.reconfiguration': { maxUnavailableNodes: 0 } }),
      says: 'spec.reconfiguration.maxUnavailableNodes in body should be greater than or equal to 1',
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
