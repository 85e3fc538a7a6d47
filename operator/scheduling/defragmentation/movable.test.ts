import { describe, expect, it } from 'vitest';
import type { Pod } from '../../kube/index.ts';
import { keptBecause, lostMinutes, type Surroundings } from './movable.ts';
import { unpinned } from './observe.ts';

const NOW = Date.parse('2027-01-10T08:00:00Z');

interface PodParts {
  readonly owner?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly startTime?: string;
  readonly phase?: string;
  readonly claims?: true;
}

function pod({ owner = 'ReplicaSet', startTime = '2027-01-10T07:00:00Z', ...parts }: PodParts = {}): Pod {
  return {
    metadata: {
      name: 'p',
      namespace: 'ns',
      uid: 'p',
      labels: parts.labels ?? { 'gpuoptimizer.io/plan': '20270110T070000.000Z' },
      annotations: parts.annotations,
      ownerReferences:
        owner === '' ? [] : [{ apiVersion: 'apps/v1', kind: owner, name: 'o', uid: 'o', controller: true }],
    },
    spec: { containers: [], ...(parts.claims && { resourceClaims: [{ name: 'gpu' }] }) },
    status: { phase: parts.phase ?? 'Running', startTime },
  };
}

const calm: Surroundings = { now: NOW, minRunMillis: 600_000, inGang: false, frozen: false, budgets: [] };
const saves = { 'gpuoptimizer.io/checkpointable': '15m' };

interface Row {
  readonly name: string;
  readonly pod?: PodParts;
  readonly around?: Partial<Surroundings>;
  /** Why it stays; undefined where it may be moved. */
  readonly why?: string;
}

const rows: readonly Row[] = [
  { name: 'a pod of a ReplicaSet' },
  { name: 'a pod of a Job that saves its work', pod: { owner: 'Job', annotations: saves } },
  { name: 'a pod under one budget', around: { budgets: ['ns/a'] } },
  { name: 'a pod that somebody else placed', pod: { labels: {} }, why: 'this operator did not place it' },
  {
    name: 'a pod that Karpenter must not disturb',
    pod: { annotations: { 'karpenter.sh/do-not-disrupt': 'true' } },
    why: 'it asks not to be disturbed',
  },
  {
    name: 'a pod that is not safe to evict',
    pod: { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } },
    why: 'it asks not to be disturbed',
  },
  { name: 'a pod without an owner', pod: { owner: '' }, why: 'no controller would make it again' },
  {
    name: 'a static pod',
    pod: { owner: 'Node', annotations: saves },
    why: 'its Node would make it again on the same node',
  },
  {
    name: 'a pod of a Job',
    pod: { owner: 'Job' },
    why: 'it is of a Job and has no annotation gpuoptimizer.io/checkpointable such as "15m"',
  },
  {
    name: 'a pod whose annotation holds no span',
    pod: { owner: 'StatefulSet', annotations: { 'gpuoptimizer.io/checkpointable': 'yes' } },
    why: 'it is of a StatefulSet and has no annotation gpuoptimizer.io/checkpointable such as "15m"',
  },
  { name: 'a pod of a gang', around: { inGang: true }, why: 'it belongs to a gang' },
  { name: 'a pod with claims', pod: { claims: true }, why: 'it holds resource claims' },
  {
    name: 'a pod of a frozen tenant',
    around: { frozen: true },
    why: 'nothing new of its tenant may start',
  },
  {
    name: 'a pod under two budgets',
    around: { budgets: ['ns/a', 'ns/b', 'more than one budget'] },
    why: 'more than one PodDisruptionBudget selects it',
  },
  { name: 'a pod that is not running', pod: { phase: 'Pending' }, why: 'it does not run yet' },
  { name: 'a pod that just began', pod: { startTime: '2027-01-10T07:55:00Z' }, why: 'it runs for less than 600 s' },
];

describe('who may be moved', () => {
  it.each(rows)('$name', ({ pod: parts, around, why }) => {
    expect(keptBecause(pod(parts), { ...calm, ...around })).toBe(why);
  });

  it('loses what it ran, and no more than since it saved its work', () => {
    expect(lostMinutes(pod(), NOW)).toBe(60);
    expect(lostMinutes(pod({ annotations: saves }), NOW)).toBe(15);
    expect(lostMinutes(pod({ annotations: saves, startTime: '2027-01-10T07:50:00Z' }), NOW)).toBe(10);
  });
});

describe('the node that a release pinned a pod to', () => {
  const pin = { key: 'metadata.name', operator: 'In', values: ['n1'] };
  const asked = { matchExpressions: [{ key: 'zone', operator: 'Exists' }] };
  const terms = (nodeSelectorTerms: object[]): Pod => {
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
    return { ...pod(), spec: { containers: [], affinity: { nodeAffinity } } };
  };
  const left = (found: Pod): unknown =>
    unpinned(found).spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;

  it('is not asked for again', () => {
    expect(left(terms([{ matchFields: [pin] }]))).toBeUndefined();
    expect(left(terms([{ ...asked, matchFields: [pin] }]))).toEqual([{ ...asked, matchFields: [] }]);
    expect(left(terms([{ matchFields: [pin, pin] }]))).toEqual([{ matchFields: [pin] }]);
  });
});
