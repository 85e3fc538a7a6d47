import { describe, expect, it } from 'vitest';
import type { Move } from './moves.ts';
import type { Operation } from './operation.ts';
import { ago, holder, NOW, operation, policy, type WorldOptions, whole, world } from './step.fixture.ts';
import { nextMove } from './step.ts';
import type { StepPolicy } from './world.ts';

interface Row {
  readonly name: string;
  readonly operation: Partial<Operation>;
  readonly world: WorldOptions;
  readonly policy?: Partial<StepPolicy>;
  /** The move in words, and what it changes. */
  readonly move: string;
  readonly change?: object;
}

const migConfig = 'nvidia.com/mig.config';
const migState = 'nvidia.com/mig.config.state';
const asked = { [migConfig]: 'gpo-1' };
const pod = holder('train', 'nvidia.com/gpu');
const paused = { 'nvidia.com/gpu.deploy.device-plugin': 'paused-for-mig-change' };
const deploy = { 'nvidia.com/gpu.deploy.device-plugin': 'true' };

const rows: readonly Row[] = [
  // Cordon
  {
    name: 'cordons, and writes down that the cordon is ours',
    operation: {},
    world: { unschedulable: false },
    move: 'Drain Ours',
    change: { unschedulable: true },
  },
  { name: 'leaves a foreign cordon foreign', operation: {}, world: {}, move: 'Drain Foreign', change: {} },
  {
    name: 'leaves a node to whoever took it since it was planned',
    operation: {},
    world: { owner: 'NVSentinel', unschedulable: false },
    move: 'Uncordon Undone',
  },
  // Drain
  {
    name: 'evicts who is surely on a GPU that changes',
    operation: { step: 'Drain', sure: ['nvidia.com/gpu'], unsure: [], deadline: ago(-10) },
    world: { holders: [pod] },
    move: 'Evict a/train',
  },
  {
    name: 'keeps who only may be, unless the pool says Drain',
    operation: { step: 'Drain', deadline: ago(-10) },
    world: { holders: [pod] },
    move: 'Stay',
  },
  {
    name: 'evicts who may be where the pool says Drain',
    operation: { step: 'Drain', deadline: ago(-10) },
    world: { holders: [pod] },
    policy: { drainUncertain: true },
    move: 'Evict a/train',
  },
  {
    name: 'leaves pods on other GPUs alone',
    operation: { step: 'Drain', deadline: ago(-10) },
    world: { holders: [holder('other', 'nvidia.com/mig-3g.40gb')] },
    move: 'Label',
  },
  {
    name: 'waits for a pod that is leaving',
    operation: { step: 'Drain', sure: ['nvidia.com/gpu'], deadline: ago(-10) },
    world: { holders: [{ ...pod, leaving: true }] },
    move: 'Stay',
  },
  {
    name: 'waits for what kube-scheduler may still bind',
    operation: { step: 'Drain', since: ago(1), deadline: ago(-10) },
    world: {},
    move: 'Stay',
  },
  {
    name: 'undoes the node when pods do not leave in time',
    operation: { step: 'Drain', sure: ['nvidia.com/gpu'], deadline: ago(0) },
    world: { holders: [pod] },
    move: 'Uncordon Undone',
  },
  {
    name: 'undoes the node for a pod that must not be evicted',
    operation: { step: 'Drain', sure: ['nvidia.com/gpu'], deadline: ago(-10) },
    world: { holders: [holder('kept', 'nvidia.com/gpu', { keep: 'safe-to-evict is "false"' })] },
    move: 'Uncordon Undone',
  },
  {
    name: 'undoes the node when somebody uncordoned it',
    operation: { step: 'Drain', deadline: ago(-10) },
    world: { unschedulable: false },
    move: 'Uncordon Undone',
  },
  {
    name: 'undoes the node when another actor takes it',
    operation: { step: 'Drain', deadline: ago(-10) },
    world: { owner: 'driver upgrade (drain-required)' },
    move: 'Uncordon Undone',
  },
  {
    name: 'no longer owns a cordon that somebody lifted',
    operation: { step: 'Drain', cordon: 'Ours', deadline: ago(-10) },
    world: { unschedulable: false },
    move: 'Drain Foreign',
  },
  // Label
  {
    name: 'tells mig-manager in one patch that takes the old state along',
    operation: { step: 'Label' },
    world: { labels: { [migConfig]: 'all-disabled', [migState]: 'success', ...deploy } },
    move: 'Wait',
    change: { labels: { [migConfig]: 'gpo-1', [migState]: null } },
  },
  {
    name: 'tells the device plugin alone when no GPU is cut anew',
    operation: {
      step: 'Label',
      target: { ...whole, strategy: 'TimeSlicing', replicas: 4, plugin: 'gpo-time-slicing-4' },
    },
    world: {},
    move: 'Verify',
    change: { labels: { 'nvidia.com/device-plugin.config': 'gpo-time-slicing-4' } },
  },
  {
    name: 'never labels while somebody is on a GPU that changes',
    operation: { step: 'Label' },
    world: { holders: [pod] },
    move: 'Drain',
    change: {},
  },
  {
    name: 'never labels a node that somebody uncordoned',
    operation: { step: 'Label' },
    world: { unschedulable: false },
    move: 'Uncordon Undone',
  },
  {
    name: 'goes the whole way back when another actor takes a node whose components were told',
    operation: { step: 'Label', deploy },
    world: { owner: 'driver upgrade (drain-required)' },
    move: 'Label Back',
  },
  { name: 'takes an equal label away first', operation: { step: 'Label' }, world: { labels: asked }, move: 'Heal' },
  {
    name: 'waits until the missing label was seen',
    operation: { step: 'Label', toggled: 'Yes', since: ago(1) },
    world: {},
    move: 'Stay',
  },
  // Wait
  { name: 'waits first', operation: { step: 'Wait' }, world: { labels: asked }, move: 'Wait' },
  {
    name: 'goes on at success',
    operation: { step: 'Wait' },
    world: { labels: { ...asked, [migState]: 'success' } },
    move: 'Verify',
  },
  {
    name: 'tries a refused name again: the file may be older than the name',
    operation: { step: 'Wait' },
    world: { labels: { ...asked, [migState]: 'failed' } },
    move: 'Heal',
  },
  {
    name: 'gives the kubelet time before it tries again',
    operation: { step: 'Wait', since: ago(5) },
    world: { labels: { ...asked, [migState]: 'failed' } },
    move: 'Stay',
  },
  {
    name: 'rolls back what failed after mig-manager was at work',
    operation: { step: 'Wait', worked: 'Yes' },
    world: { labels: { ...asked, [migState]: 'failed' } },
    move: 'Label Back',
  },
  {
    name: 'rolls back what fails again and again',
    operation: { step: 'Wait', retries: 4 },
    world: { labels: { ...asked, [migState]: 'failed' } },
    move: 'Label Back',
  },
  {
    name: 'waits longer when another component is the first that remains',
    operation: { step: 'Wait', stuck: { pod: 'plugin', since: ago(500) } },
    world: { labels: { ...asked, [migState]: 'pending' }, operands: ['dcgm'] },
    move: 'Wait',
  },
  {
    name: 'heals the wedge: pending, and the same component all the time',
    operation: { step: 'Wait', worked: 'Yes', stuck: { pod: 'dcgm', since: ago(361) } },
    world: { labels: { ...asked, [migState]: 'pending' }, operands: ['dcgm'] },
    move: 'Heal',
  },
  {
    name: 'has patience while mig-manager works',
    operation: { step: 'Wait', worked: 'Yes', stuck: { pod: '', since: ago(899) } },
    world: { labels: { ...asked, [migState]: 'pending' } },
    move: 'Stay',
  },
  {
    name: 'has patience while the node reboots',
    operation: { step: 'Wait', worked: 'Yes', stuck: { pod: '', since: ago(899) } },
    world: { labels: { ...asked, [migState]: 'rebooting' }, ready: false },
    move: 'Stay',
  },
  {
    name: 'heals after a quarter of an hour with nobody to wait for',
    operation: { step: 'Wait', worked: 'Yes', stuck: { pod: '', since: ago(901) } },
    world: { labels: { ...asked, [migState]: 'pending' } },
    move: 'Heal',
  },
  {
    name: 'heals a mig-manager that missed the label',
    operation: { step: 'Wait', stuck: { pod: '', since: ago(361) } },
    world: { labels: asked },
    move: 'Heal',
  },
  {
    name: 'rolls back what two healings did not help',
    operation: { step: 'Wait', worked: 'Yes', heals: 2, stuck: { pod: 'dcgm', since: ago(361) } },
    world: { labels: { ...asked, [migState]: 'pending' }, operands: ['dcgm'] },
    move: 'Label Back',
  },
  {
    name: 'rolls back when somebody else set the label',
    operation: { step: 'Wait' },
    world: { labels: { [migConfig]: 'all-3g.40gb' } },
    move: 'Label Back',
  },
  {
    name: 'is degraded when the way back is wedged as well',
    operation: { step: 'Wait', direction: 'Back', worked: 'Yes', heals: 2, stuck: { pod: 'dcgm', since: ago(361) } },
    world: { labels: { [migConfig]: 'all-disabled', [migState]: 'pending' }, operands: ['dcgm'] },
    move: 'Degraded Back',
  },
  // Heal
  {
    name: 'takes the label away and lets the components run again',
    operation: { step: 'Heal', deploy },
    world: { labels: { ...asked, ...paused, [migState]: 'pending' } },
    move: 'Label',
    change: { labels: { ...deploy, [migConfig]: null, [migState]: null } },
  },
  // Verify
  {
    name: 'believes what is advertised, not what is said',
    operation: { step: 'Verify', deadline: ago(-10) },
    world: { advertises: 'whole', labels: { ...asked, [migState]: 'success' } },
    move: 'Stay',
  },
  {
    name: 'asks GPU Feature Discovery as well',
    operation: { step: 'Verify', deadline: ago(-10) },
    world: { advertises: 'stale' },
    move: 'Stay',
  },
  {
    name: 'waits for components that are still paused',
    operation: { step: 'Verify', deadline: ago(-10) },
    world: { advertises: 'cut', labels: paused },
    move: 'Stay',
  },
  {
    name: 'waits for the node to be ready',
    operation: { step: 'Verify', deadline: ago(-10) },
    world: { advertises: 'cut', ready: false },
    move: 'Stay',
  },
  {
    name: 'is done when the node advertises what was wanted',
    operation: { step: 'Verify', deadline: ago(-10) },
    world: { advertises: 'cut' },
    move: 'Uncordon Done',
  },
  {
    name: 'rolls back what does not come up in time',
    operation: { step: 'Verify', deadline: ago(0) },
    world: { advertises: 'nothing' },
    move: 'Label Back',
  },
  {
    name: 'has rolled back once the previous sharing stands',
    operation: { step: 'Verify', direction: 'Back', deadline: ago(-10) },
    world: { advertises: 'whole' },
    move: 'Uncordon Back RolledBack',
  },
  {
    name: 'is degraded when the previous sharing does not come up either',
    operation: { step: 'Verify', direction: 'Back', deadline: ago(0) },
    world: { advertises: 'nothing' },
    move: 'Degraded Back',
  },
  // Uncordon
  {
    name: 'lifts our cordon',
    operation: { step: 'Uncordon', cordon: 'Ours', outcome: 'Done' },
    world: {},
    move: 'End Done',
    change: { unschedulable: false },
  },
  {
    name: 'leaves a foreign cordon',
    operation: { step: 'Uncordon', cordon: 'Foreign', outcome: 'Done' },
    world: {},
    move: 'End Done',
    change: {},
  },
  {
    name: 'leaves our cordon to another actor who wants the node empty',
    operation: { step: 'Uncordon', cordon: 'Ours', outcome: 'Done' },
    world: { owner: 'driver upgrade (cordon-required)' },
    move: 'End Done',
    change: {},
  },
  // Degraded
  { name: 'waits for a person', operation: { step: 'Degraded' }, world: { advertises: 'cut' }, move: 'Stay' },
];

describe('each step', () => {
  it.each(rows)('$operation.step: $name', ({ operation: change, world: options, policy: limits, ...row }) => {
    const move = nextMove({
      operation: operation(change),
      world: world(options),
      record: { changes: [] },
      policy: { ...policy, ...limits },
      now: NOW,
    });
    expect(text(move)).toBe(row.move);
    if (row.change !== undefined) expect('change' in move ? move.change : {}).toMatchObject(row.change);
    if (row.change !== undefined && 'change' in move) expect(Object.keys(move.change)).toEqual(Object.keys(row.change));
  });

  it('remembers a failed target for a while, and the cut that a good one left', () => {
    const end = (outcome: Operation['outcome']) =>
      nextMove({
        operation: operation({ step: 'Uncordon', outcome, why: 'it failed' }),
        world: world(),
        record: { changes: [ago(100_000), ago(10)] },
        policy,
        now: NOW,
      });
    expect(end('Done')).toMatchObject({ record: { layout: [{}, { '1g.10gb': 7 }], changes: [ago(10), ago(1000)] } });
    expect(end('RolledBack')).toMatchObject({ record: { layout: [{}, {}], refused: { why: 'it failed' } } });
  });
});

function text(move: Move): string {
  if (move.kind === 'Stay') return 'Stay';
  if (move.kind === 'Evict') return `Evict ${move.holders.map(({ key }) => key).join(' ')}`;
  if (move.kind === 'End') return `End ${move.outcome}`;
  const { step, direction, cordon, outcome } = move.operation;
  const words = [step, direction === 'Back' ? 'Back' : '', step === 'Drain' ? cordon : '', outcome];
  return words.filter((word) => word !== undefined && word !== '').join(' ');
}
