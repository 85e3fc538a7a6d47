import { describe, expect, it } from 'vitest';
import type { Pod } from '../kube/index.ts';
import { GATE, PLAN_LABEL, PLANNED_CONDITION } from './names.ts';
import { planChanged } from './wakes.ts';

type Conditions = NonNullable<NonNullable<Pod['status']>['conditions']>;

interface Look {
  readonly gated?: boolean;
  readonly planned?: boolean;
  readonly pin?: string;
  readonly node?: string;
  readonly phase?: string;
  readonly conditions?: Conditions;
}

function pod({ gated, planned, pin, node, phase = 'Pending', conditions }: Look): Pod {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [pin ?? ''] }];
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } };
  return {
    metadata: { name: 'p', namespace: 'a', ...(planned && { labels: { [PLAN_LABEL]: '20270110T080000.000Z' } }) },
    spec: {
      containers: [{ name: 'main' }],
      nodeName: node,
      ...(gated && { schedulingGates: [{ name: GATE }] }),
      ...(pin !== undefined && { affinity: { nodeAffinity: required } }),
    },
    status: { phase, conditions },
  };
}

const refused: Conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }];
const gatedCondition: Conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }];
const scheduled: Conditions = [{ type: 'PodScheduled', status: 'True' }];
const waits: Conditions = [{ type: PLANNED_CONDITION, status: 'False' }];
const released: Look = { planned: true, pin: 'n1' };
const bound: Look = { ...released, node: 'n1', conditions: scheduled };

interface Row {
  readonly name: string;
  readonly before?: Look;
  readonly now: Look;
  readonly wakes: boolean;
}

const rows: readonly Row[] = [
  { name: 'a new gated pod', now: { gated: true }, wakes: true },
  { name: 'a new pod that holds nothing', now: {}, wakes: false },
  { name: 'our own release', before: { gated: true, conditions: gatedCondition }, now: released, wakes: false },
  { name: 'the binding to the promised node', before: released, now: bound, wakes: false },
  { name: 'a binding to another node', before: released, now: { ...bound, node: 'n2' }, wakes: true },
  { name: 'a binding after a refusal', before: { ...released, conditions: refused }, now: bound, wakes: true },
  { name: 'a release without a node', before: { gated: true }, now: { planned: true }, wakes: true },
  {
    name: 'a release with a notice left',
    before: { gated: true },
    now: { ...released, conditions: waits },
    wakes: true,
  },
  { name: 'a refusal', before: released, now: { ...released, conditions: refused }, wakes: true },
  { name: 'the start of a bound pod', before: bound, now: { ...bound, phase: 'Running' }, wakes: false },
  { name: 'the end of a bound pod', before: bound, now: { ...bound, phase: 'Succeeded' }, wakes: true },
];

describe('planChanged', () => {
  it.each(rows)('$name', ({ before, now, wakes }) => {
    expect(planChanged(pod(now), before === undefined ? undefined : pod(before))).toBe(wakes);
  });
});
