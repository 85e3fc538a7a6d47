import { describe, expect, it } from 'vitest';
import { ConfigMap, Pod } from '../../kube/index.ts';
import { type Thing, thing } from '../../runtime/testing/index.ts';
import { runCommand } from '../live/command.fixture.ts';
import { job, node, pod, pool, tenant } from '../world.fixture.ts';
import { registerWhy } from './command.ts';

const gpuopt = (world: readonly Thing[], ...args: string[]) => runCommand(registerWhy, world, ['why', ...args]);

const full = [node('n1'), pool(), tenant('acme', 4), pod('r', { node: 'n1', gpus: 3 })];

interface Row {
  readonly name: string;
  readonly world: readonly Thing[];
  readonly args: readonly string[];
  readonly json?: object;
  readonly says?: readonly string[];
  readonly not?: string;
  readonly code?: number;
}

/** A pod that holds a whole node since an hour, and says how long it runs. */
function running(name: string, duration: string): Thing {
  const made = pod(name, { node: 'n1', gpus: 8, annotations: { 'gpuoptimizer.io/expected-duration': duration } });
  const status = { phase: 'Running', startTime: '2027-01-10T07:00:00Z' };
  return { ...made, object: { ...made.object, status } as Thing['object'] };
}

/** A pod that holds a whole node since an hour, of a Job that comes again and again. */
function nightly(name: string): Thing {
  const { object } = running(name, '1h');
  const owner = pod(name, { job: 'nightly-28800' }).object.metadata.ownerReferences;
  const metadata = { ...object.metadata, annotations: {}, labels: {}, ownerReferences: owner };
  return { kind: Pod, object: { ...object, metadata } as Thing['object'] };
}

/** What the operator keeps of pods of that Job that are gone. */
function ran(...seconds: readonly string[]): Thing {
  const words = seconds.map((each, at) => `2027-01-09T08:00:00Z/${each}/0000000${at}`);
  const metadata = { namespace: 'gpuopt-system', name: 'gpuopt-run-times' };
  return thing(ConfigMap, { metadata, data: { runs: `acme/Job/nightly ${words.join(' ')}\n` } });
}

const rows: readonly Row[] = [
  {
    name: 'a tenant at its limit: the numbers and the smallest change',
    world: [...full, pod('p', { gpus: 2 })],
    args: ['pod/p', '--json'],
    json: {
      state: 'Waiting',
      tenant: 'acme',
      blocker: 'Quota',
      need: 2000,
      have: 1000,
      unit: 'gpu-milli',
      counterfactuals: [{ kind: 'limit', amount: 1000 }],
    },
  },
  {
    name: 'the same as text',
    world: [...full, pod('p', { gpus: 2 })],
    args: ['p', '-n', 'acme'],
    says: [
      'pod/p in acme: Waiting for Quota (tenant acme)',
      'Needed: 2 GPU. There is: 1 GPU.',
      'It would start now with the limit of tenant acme',
    ],
  },
  {
    name: 'when it is expected to start, where what runs declares when it ends',
    world: [node('n1'), pool(), running('r', '2h'), pod('p', { gpus: 4 })],
    args: ['p', '--json'],
    json: { blocker: 'Capacity', eta: { p50: '2027-01-10T09:00:00Z', p90: '2027-01-10T09:00:00Z', basis: 'declared' } },
  },
  {
    name: 'the same as text',
    world: [node('n1'), pool(), running('r', '2h'), pod('p', { gpus: 4 })],
    args: ['p'],
    says: ['Expected to start at 2027-01-10T09:00:00Z (half of the cases)', 'by what its predecessors declare'],
  },
  {
    name: 'when it is expected to start by what the operator remembers of pods that are gone',
    world: [node('n1'), pool(), nightly('r'), ran('10800s'), pod('p', { gpus: 4 })],
    args: ['p', '--json'],
    json: { eta: { p90: '2027-01-10T10:00:00Z', basis: 'low' } },
  },
  {
    name: 'nothing about when, where the operator that remembers is elsewhere',
    world: [node('n1'), pool(), nightly('r'), ran('1800s'), pod('p', { gpus: 4 })],
    args: ['p', '--operator-namespace', 'other'],
    says: ['Waiting for Capacity'],
    not: 'Expected to start',
  },
  {
    name: 'a gang that waits for its members',
    world: [node('n1'), pool(), job('j', 2), pod('p', { job: 'j' })],
    args: ['pod/p'],
    says: ['Waiting for Data', '1 of the 2 pods of its gang exist'],
  },
  {
    name: 'a pod that has a place',
    world: [...full, pod('p')],
    args: ['p', '--json'],
    json: { state: 'Placeable', node: 'n1' },
  },
  { name: 'a pod that runs', world: full, args: ['r', '--json'], json: { state: 'Running', node: 'n1' } },
  {
    name: 'a pod that nobody manages',
    world: [pod('p', { gates: [], gpus: 0, namespace: 'other' })],
    args: ['p', '-n', 'other'],
    says: ['no Tenant selects namespace other and it asks for no NVIDIA resource'],
  },
  { name: 'no such pod', world: full, args: ['nobody'], says: ['no pod nobody in namespace acme'], code: 2 },
  { name: 'no pod at all', world: full, args: ['job/x'], says: ['"job/x" names no pod'], code: 2 },
];

describe('gpuopt why', () => {
  it.each(rows)('$name', async ({ world, args, json, says = [], not, code = 0 }) => {
    const output = await gpuopt(world, ...args);
    expect(output.code).toBe(code);
    if (json !== undefined) expect(JSON.parse(output.stdout)).toMatchObject(json);
    for (const text of says) expect(output.stdout + output.stderr).toContain(text);
    if (not !== undefined) expect(output.stdout).not.toContain(not);
  });
});
