import { describe, expect, it } from 'vitest';
import { Pod } from '../../kube/index.ts';
import { type Thing, thing } from '../../runtime/testing/index.ts';
import { createListReader } from '../live/list-reader.ts';
import { isGated } from '../pod-state.ts';
import { job, pod } from '../world.fixture.ts';
import { formGangs } from './form.ts';
import { JobSet, LeaderWorkerSet, PodGroup } from './kinds.ts';

type PodOptions = Parameters<typeof pod>[1];

interface Row {
  readonly name: string;
  readonly world: readonly Thing[];
  /** Names of pods that are planned together, in one word each; `!` before what completes a gang that runs. */
  readonly planned?: readonly string[];
  /** The same for what is held back, and part of why. */
  readonly held?: Readonly<Record<string, string>>;
}

const many = (names: string, options: PodOptions): readonly Thing[] =>
  names.split('').map((name) => pod(name, options));
const own = (size: number, min?: number): PodOptions => ({
  annotations: {
    'gpuoptimizer.io/gang': 'g',
    'gpuoptimizer.io/gang-size': String(size),
    ...(min !== undefined && { 'gpuoptimizer.io/gang-min': String(min) }),
  },
});
const inSet = (part: string): PodOptions => ({
  labels: { 'jobset.sigs.k8s.io/jobset-name': 'js', 'jobset.sigs.k8s.io/replicatedjob-name': part },
});
const inGroup = (podGroupName: string): PodOptions => ({ spec: { schedulingGroup: { podGroupName } } });
const lws = (index: number, size = 3): PodOptions => ({
  labels: {
    'leaderworkerset.sigs.k8s.io/group-key': 'k',
    'leaderworkerset.sigs.k8s.io/name': 'set',
    'leaderworkerset.sigs.k8s.io/worker-index': String(index),
  },
  annotations: { 'leaderworkerset.sigs.k8s.io/size': String(size) },
});
const kueue: PodOptions = {
  labels: { 'kueue.x-k8s.io/pod-group-name': 'q' },
  annotations: { 'kueue.x-k8s.io/pod-group-total-count': '2' },
};
const running = (options: PodOptions): PodOptions => ({ ...options, node: 'n1' });
const named = (name: string) => ({ name, namespace: 'acme', uid: name });
const jobSet = (parts: Readonly<Record<string, number>>, spec: object = {}): Thing =>
  thing(JobSet, {
    metadata: named('js'),
    spec: {
      ...spec,
      replicatedJobs: Object.entries(parts).map(([name, replicas]) => ({
        name,
        replicas,
        template: { spec: { parallelism: 2, completions: 2 } },
      })),
    },
  });
const podGroup = (name: string, minCount?: number): Thing =>
  thing(PodGroup, {
    metadata: named(name),
    spec: { schedulingPolicy: minCount === undefined ? { basic: {} } : { gang: { minCount } } },
  });
const leaderReady = thing(LeaderWorkerSet, { metadata: named('set'), spec: { startupPolicy: 'LeaderReady' } });

const rows: readonly Row[] = [
  { name: 'a pod that belongs to nothing starts alone', world: many('ab', {}), planned: ['a', 'b'] },
  { name: 'an Indexed Job starts whole', world: [job('j', 2), ...many('ab', { job: 'j' })], planned: ['ab'] },
  {
    name: 'an Indexed Job waits for its pods',
    world: [job('j', 3), ...many('ab', { job: 'j' })],
    held: { ab: '2 of the 3 pods' },
  },
  { name: 'a Job that is not known yet', world: many('a', { job: 'j' }), held: { a: 'the Job j must exist' } },
  { name: 'annotations', world: many('ab', own(2)), planned: ['ab'] },
  {
    name: 'a size that is no number',
    world: many('a', { annotations: { 'gpuoptimizer.io/gang': 'g' } }),
    held: { a: 'gang-size' },
  },
  { name: 'plain pods of Kueue', world: many('ab', kueue), planned: ['ab'] },
  {
    name: 'a group of a LeaderWorkerSet',
    world: [pod('a', lws(0)), pod('b', lws(1)), pod('c', lws(2))],
    planned: ['abc'],
  },
  { name: 'its leader waits for the workers', world: [pod('a', lws(0))], held: { a: '1 of the 3 pods' } },
  {
    name: 'its leader starts first where the workers wait for it',
    world: [leaderReady, pod('a', lws(0))],
    planned: ['a'],
  },
  {
    name: 'its workers then start together',
    world: [leaderReady, pod('a', running(lws(0))), pod('b', lws(1)), pod('c', lws(2))],
    planned: ['bc'],
  },
  { name: 'its workers wait for each other', world: [leaderReady, pod('b', lws(1))], held: { b: '1 of the 2 pods' } },
  {
    name: 'a JobSet: all Jobs of all kinds together',
    world: [jobSet({ driver: 1, worker: 2 }), ...many('ab', inSet('driver')), ...many('cdef', inSet('worker'))],
    planned: ['abcdef'],
  },
  {
    name: 'a JobSet that lacks pods',
    world: [jobSet({ worker: 2 }), ...many('abc', inSet('worker'))],
    held: { abc: '3 of the 4 pods' },
  },
  {
    name: 'a JobSet that was scaled down to what is there',
    world: [jobSet({ worker: 1 }), ...many('ab', inSet('worker'))],
    planned: ['ab'],
  },
  { name: 'a cluster that serves no JobSets', world: many('ab', inSet('worker')), held: { ab: 'must serve JobSets' } },
  {
    name: 'a JobSet that starts its kinds of Job in order: each by itself',
    world: [
      jobSet({ driver: 1, worker: 2 }, { startupPolicy: { startupPolicyOrder: 'InOrder' } }),
      ...many('ab', inSet('driver')),
    ],
    planned: ['ab'],
  },
  {
    name: 'and the next kind is not counted with the first',
    world: [
      jobSet({ driver: 1, worker: 2 }, { startupPolicy: { startupPolicyOrder: 'InOrder' } }),
      ...many('ab', running(inSet('driver'))),
      ...many('c', inSet('worker')),
    ],
    held: { c: '1 of the 4 pods' },
  },
  { name: 'a PodGroup', world: [podGroup('g', 2), ...many('ab', inGroup('g'))], planned: ['ab'] },
  {
    name: 'a PodGroup with more pods than it needs',
    world: [podGroup('g', 2), ...many('abc', inGroup('g'))],
    planned: ['ab'],
    held: { c: 'the first 2 pods' },
  },
  {
    name: 'a PodGroup without a common start',
    world: [podGroup('g'), ...many('ab', inGroup('g'))],
    planned: ['a', 'b'],
  },
  {
    name: 'a PodGroup that does not exist yet',
    world: many('a', inGroup('g')),
    held: { a: 'the PodGroup g must exist' },
  },
  {
    name: 'a PodGroup of ours defines no gang; what it was made for does',
    world: [podGroup('gpuopt-g', 1), ...many('a', { ...inGroup('gpuopt-g'), ...own(2) })],
    held: { a: '1 of the 2 pods' },
  },
  {
    name: 'a PodGroup goes before annotations',
    world: [podGroup('g', 1), ...many('a', { ...inGroup('g'), ...own(2) })],
    planned: ['a'],
  },
  {
    name: 'an elastic gang starts with what it needs',
    world: many('abc', own(4, 2)),
    planned: ['ab'],
    held: { c: 'the first 2 pods' },
  },
  { name: 'an elastic gang below what it needs', world: many('a', own(4, 2)), held: { a: '1 of the 2 pods' } },
  {
    name: 'the others of an elastic gang follow singly',
    world: [...many('ab', running(own(4, 2))), ...many('cd', own(4, 2))],
    planned: ['c', 'd'],
  },
  {
    name: 'an elastic gang that fell below what it needs: the missing ones together and in front',
    world: [...many('a', running(own(4, 3))), ...many('bcd', own(4, 3))],
    planned: ['!bc'],
    held: { d: 'the first 2 pods' },
  },
  {
    name: 'a gang of which a part runs: the rest in front',
    world: [...many('a', running(own(3))), ...many('bc', own(3))],
    planned: ['!bc'],
  },
  { name: 'a minimum above the size is the size', world: many('ab', own(2, 9)), planned: ['ab'] },
  {
    name: 'a Job scaled up while it runs',
    world: [job('j', 3), ...many('ab', running({ job: 'j' })), ...many('c', { job: 'j' })],
    planned: ['!c'],
  },
];

function wordOf(pods: readonly Pod[]): string {
  return pods.map(({ metadata }) => metadata.name).join('');
}

describe('what starts together', () => {
  it.each(rows)('$name', ({ world, planned = [], held = {} }) => {
    const kinds = [...new Set(world.map(({ kind }) => kind))];
    const lists = kinds.map((kind) => ({
      kind,
      objects: world.filter((one) => one.kind === kind).map(({ object }) => object),
    }));
    const reader = createListReader(lists);
    const pods = reader.list(Pod);
    const formed = formGangs(pods.filter(isGated), { reader, isOut: (one) => !isGated(one) });
    const free = formed.filter(({ heldBack }) => heldBack === undefined);
    expect(free.map((one) => `${one.urgent ? '!' : ''}${wordOf(one.pods)}`)).toEqual(planned);
    const kept = formed.filter(({ heldBack }) => heldBack !== undefined);
    expect(kept.map((one) => wordOf(one.pods))).toEqual(Object.keys(held));
    for (const one of kept) expect(one.heldBack?.sentence).toContain(held[wordOf(one.pods)]);
    expect(new Set(formed.map(({ key }) => key)).size).toBe(formed.length);
  });
});
