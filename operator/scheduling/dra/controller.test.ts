import { describe, expect, it } from 'vitest';
import type { GPUPool } from '../../api/index.ts';
import { Pod, ResourceClaim } from '../../kube/index.ts';
import { Conflict, Timeout } from '../../runtime/index.ts';
import { runPass, type Thing, thing, VirtualClock } from '../../runtime/testing/index.ts';
import { newPlanner } from '../controller.fixture.ts';
import { NOW, node, pool, tenant } from '../world.fixture.ts';
import { allocated, asking, claim, claimOf, claimPod, classes, rule, slices } from './world.fixture.ts';

const ours: Partial<GPUPool['spec']> = { sharing: { type: 'DRA', dra: { allocator: 'GPUOptimizer' } } };
const LONG_AGO = '2027-01-01T00:00:00Z';
const ground = (spec: Partial<GPUPool['spec']> = ours): readonly Thing[] => [
  node('n', { resources: {} }),
  pool('main', spec),
  tenant('acme'),
  ...slices('n'),
  ...classes,
];
const kept = rule('n', LONG_AGO);

async function pass(world: readonly Thing[], intercept?: Parameters<typeof runPass>[1]['intercept']) {
  const controller = newPlanner(new VirtualClock());
  const output = await runPass(controller, { world, now: NOW, intercept });
  const slotOf = (name: string) =>
    output.get(ResourceClaim, { namespace: 'acme-a', name })?.status?.allocation?.devices?.results?.[0]?.device;
  const isGated = (name: string) =>
    (output.get(Pod, { namespace: 'acme-a', name })?.spec?.schedulingGates ?? []).length > 0;
  const why = (name: string) =>
    output.get(Pod, { namespace: 'acme-a', name })?.status?.conditions?.find(({ type }) => type.endsWith('Planned'));
  return { ...output, slotOf, isGated, why };
}

function found<T>(object: T | undefined): T {
  if (object === undefined) throw new Error('it is not there');
  return object;
}

describe('claims of gated pods', () => {
  it('are allocated before the pod goes: finalizer first, then devices, node and time', async () => {
    const out = await pass([...ground(), kept, claim('c', '1g.10gb'), claimPod('p', ['c'])]);
    const writes = out.acts.flatMap((act) =>
      act.act === 'patch' ? [`${act.kind}/${act.patch.subresource ?? ''}`] : [],
    );
    expect(writes.slice(0, 3)).toEqual([
      'resourceclaims.resource.k8s.io/',
      'resourceclaims.resource.k8s.io/status',
      'pods/',
    ]);
    const made = out.get(ResourceClaim, { namespace: 'acme-a', name: 'c' });
    expect(made?.metadata).toMatchObject({
      finalizers: ['resource.kubernetes.io/delete-protection'],
      annotations: { 'gpuoptimizer.io/allocated-for': 'p/pod-p' },
    });
    expect(made?.status?.allocation).toMatchObject({
      devices: { results: [{ request: 'gpu', driver: 'gpu.nvidia.com', pool: 'n', device: 'gpu-0-mig-1g10gb-19-6' }] },
      nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }] },
      allocationTimestamp: '2027-01-10T08:00:00Z',
    });
    expect([made?.status?.reservedFor, out.isGated('p')]).toEqual([undefined, false]);
  });

  it('are left to kube-scheduler where the pool says so, and counted', async () => {
    const theirs = ground({ sharing: { type: 'DRA' } });
    const out = await pass([
      ...theirs,
      claim('c', '4g.40gb'),
      claim('d', '4g.40gb'),
      claimPod('p', ['c']),
      claimPod('q', ['d']),
    ]);
    expect([out.slotOf('c'), out.isGated('p'), out.isGated('q')]).toEqual([undefined, false, true]);
  });

  it.each<{ readonly name: string; readonly world: readonly Thing[]; readonly reason: string; readonly text: string }>([
    {
      name: 'nothing keeps kube-scheduler off yet',
      world: [...ground(), claim('c', '1g.10gb')],
      reason: 'Health',
      text: 'kept off its devices',
    },
    {
      name: 'the rule is too new',
      world: [...ground(), rule('n', '2027-01-10T07:59:59Z'), claim('c', '1g.10gb')],
      reason: 'Health',
      text: 'kept off its devices',
    },
    {
      name: 'a slice is missing',
      world: [
        ...ground().filter(({ object }) => !object.metadata.name?.startsWith('n-')),
        ...slices('n', { resourceSliceCount: 3 }),
        kept,
        claim('c', '1g.10gb'),
      ],
      reason: 'Health',
      text: '2 of 3 ResourceSlices',
    },
    { name: 'its claim is missing', world: [...ground(), kept], reason: 'Data', text: 'acme-a/c does not exist' },
    {
      name: 'its claim asks in other terms',
      world: [...ground(), kept, claim('c', "x' || true == true && 'a' != '")],
      reason: 'Policy',
      text: 'cannot be planned',
    },
    {
      name: 'another claim overlaps what it asks for',
      world: [
        ...ground(),
        kept,
        claim('c', '4g.40gb'),
        claim('other', '1g.10gb', { status: allocated('n', 'gpu-0-mig-1g10gb-19-0') }),
      ],
      reason: 'Capacity',
      text: 'mig.nvidia.com/4g.40gb',
    },
  ])('wait where $name', async ({ world, reason, text }) => {
    const out = await pass([...world, claimPod('p', ['c'])]);
    expect(out.isGated('p')).toBe(true);
    expect(out.why('p')).toMatchObject({ reason, message: expect.stringContaining(text) });
    expect(out.slotOf('c')).toBeUndefined();
  });

  const large = { name: 'large', ...asking('4g.40gb') };
  const small = { name: 'small', ...asking('1g.10gb') };

  it('that list alternatives get the first that finds a place, with its settings alone', async () => {
    const parameters = (requests: string[]) => ({ requests, opaque: { driver: 'gpu.nvidia.com', parameters: {} } });
    const config = { config: ['gpu/large', 'gpu/small', 'gpu'].map((name) => parameters([name])) };
    const either = (name: string): Thing => claimOf(name, [{ name: 'gpu', firstAvailable: [large, small] }], config);
    const out = await pass([...ground(), kept, either('c'), either('d'), claimPod('p', ['c']), claimPod('q', ['d'])]);
    const results = (name: string) => {
      const found = out.get(ResourceClaim, { namespace: 'acme-a', name })?.status?.allocation?.devices;
      return {
        got: found?.results?.map(({ request, device }) => `${request} ${device}`),
        config: found?.config?.map(({ requests }) => requests?.join()),
      };
    };
    expect(results('c')).toEqual({ got: ['gpu/large gpu-0-mig-4g40gb-5-0'], config: ['gpu/large', 'gpu'] });
    expect(results('d')).toEqual({ got: ['gpu/small gpu-0-mig-1g10gb-19-6'], config: ['gpu/small', 'gpu'] });
    expect([out.isGated('p'), out.isGated('q')]).toEqual([false, false]);
  });

  it('that list alternatives wait where kube-scheduler would choose, and say what to do', async () => {
    const theirs = ground({ sharing: { type: 'DRA' } });
    const either = claimOf('c', [{ name: 'gpu', firstAvailable: [large, small] }]);
    const out = await pass([...theirs, either, claimPod('p', ['c'])]);
    expect(out.why('p')).toMatchObject({ reason: 'Policy', message: expect.stringContaining('list alternatives') });
    const only = claimOf('c', [{ name: 'gpu', firstAvailable: [small] }]);
    expect((await pass([...theirs, only, claimPod('p', ['c'])])).isGated('p')).toBe(false);
  });

  it.each([
    { name: 'all devices of a node', ask: { allocationMode: 'All' }, got: [0, 1, 2, 3, 4, 5, 6] },
    { name: 'memory that they have', ask: { capacity: { requests: { memory: '10Gi' } } }, got: [6] },
    { name: 'memory that none has', ask: { capacity: { requests: { memory: '11Gi' } } }, got: [], reason: 'Capacity' },
    {
      name: 'all devices of a node of which one is taken',
      ask: { allocationMode: 'All' },
      other: claim('o', '1g.10gb', { status: allocated('n', 'gpu-0-mig-1g10gb-19-3') }),
      got: [],
      reason: 'Capacity',
    },
    {
      name: 'all devices of a node and one beside them',
      ask: { allocationMode: 'All' },
      more: [{ name: 'more', exactly: asking('1g.10gb') }],
      got: [],
      reason: 'Shape',
    },
  ])('that ask for $name', async ({ ask, other, more = [], got, reason }) => {
    const asked = claimOf('c', [{ name: 'gpu', exactly: { ...asking('1g.10gb'), ...ask } }, ...more]);
    const out = await pass([...ground(), kept, asked, claimPod('p', ['c']), ...(other === undefined ? [] : [other])]);
    const found =
      out.get(ResourceClaim, { namespace: 'acme-a', name: 'c' })?.status?.allocation?.devices?.results ?? [];
    expect(found.map(({ device }) => device).sort()).toEqual(got.map((start) => `gpu-0-mig-1g10gb-19-${start}`));
    expect([out.isGated('p'), out.why('p')?.reason]).toEqual([got.length === 0, reason]);
  });

  it('hold their pods to the node on which they are allocated already', async () => {
    const mine = {
      annotations: { 'gpuoptimizer.io/allocated-for': 'p/pod-p' },
      finalizers: ['resource.kubernetes.io/delete-protection'],
    };
    const before = claim('c', '1g.10gb', {
      metadata: { namespace: 'acme-a', name: 'c', uid: 'claim-c', resourceVersion: '7', ...mine },
      status: allocated('n', 'gpu-0-mig-1g10gb-19-2'),
    });
    const out = await pass([...ground(), kept, before, claimPod('p', ['c'])]);
    expect([out.slotOf('c'), out.isGated('p')]).toEqual(['gpu-0-mig-1g10gb-19-2', false]);
  });

  it('are taken back when their pod is gone, and only where they are ours and nobody reserved them', async () => {
    const mark = (name: string) => ({
      metadata: {
        ...{ namespace: 'acme-a', name, uid: `claim-${name}`, resourceVersion: '7' },
        annotations: { 'gpuoptimizer.io/allocated-for': 'gone/pod-gone' },
        finalizers: ['resource.kubernetes.io/delete-protection'],
      },
    });
    const out = await pass([
      ...ground(),
      kept,
      claim('mine', '1g.10gb', { ...mark('mine'), status: allocated('n', 'gpu-0-mig-1g10gb-19-0') }),
      claim('half', '1g.10gb', { ...mark('half'), status: undefined }),
      claim('used', '1g.10gb', { ...mark('used'), status: allocated('n', 'gpu-0-mig-1g10gb-19-1', ['else']) }),
      claim('foreign', '1g.10gb', { status: allocated('n', 'gpu-0-mig-1g10gb-19-2') }),
    ]);
    const slots = ['mine', 'half', 'used', 'foreign'].map(out.slotOf);
    expect(slots).toEqual([undefined, undefined, 'gpu-0-mig-1g10gb-19-1', 'gpu-0-mig-1g10gb-19-2']);
    for (const name of ['mine', 'half']) {
      expect(out.get(ResourceClaim, { namespace: 'acme-a', name })?.metadata.finalizers ?? []).toEqual([]);
    }
  });

  it.each([0, 1, 2, 3])(
    'killed after %i writes: the next process finishes it on the same slot, and holds no other',
    async (survives) => {
      let acts = 0;
      const killed = await pass([...ground(), kept, claim('c', '1g.10gb'), claimPod('p', ['c'])], () => {
        acts += 1;
        if (acts > survives) throw new Error('killed');
      });
      const left = [
        thing(ResourceClaim, found(killed.get(ResourceClaim, { namespace: 'acme-a', name: 'c' }))),
        thing(Pod, found(killed.get(Pod, { namespace: 'acme-a', name: 'p' }))),
      ];
      const next = await pass([...ground(), kept, ...left]);
      expect([next.slotOf('c'), next.isGated('p')]).toEqual(['gpu-0-mig-1g10gb-19-6', false]);
      const { finalizers } = found(next.get(ResourceClaim, { namespace: 'acme-a', name: 'c' })).metadata;
      expect(finalizers).toEqual(['resource.kubernetes.io/delete-protection']);
    },
  );

  it('a pod stays gated when its claim changed meanwhile', async () => {
    const out = await pass([...ground(), kept, claim('c', '1g.10gb'), claimPod('p', ['c'])], (act) => {
      if (act.act !== 'patch' || act.patch.subresource !== 'status' || act.kind === 'pods') return;
      throw new Conflict({ status: 409, reason: 'Conflict', url: 'PATCH', message: 'changed' });
    });
    expect([out.slotOf('c'), out.isGated('p')]).toEqual([undefined, true]);
  });

  it('an allocation without an answer keeps its devices taken, and is sent again under its version', async () => {
    const world = [claim('c', '4g.40gb'), claim('d', '4g.40gb'), claimPod('p', ['c']), claimPod('q', ['d'])];
    let lost = 0;
    const first = await pass([...ground(), kept, ...world], (act) => {
      const isAllocation = act.act === 'patch' && act.patch.subresource === 'status' && act.kind !== 'pods';
      if (!isAllocation || lost > 0) return;
      lost += 1;
      throw new Timeout({ status: 0, reason: 'Timeout', url: 'PATCH', message: 'no answer' });
    });
    expect([first.slotOf('c'), first.isGated('p'), first.isGated('q')]).toEqual([undefined, true, true]);
    const second = await first.again();
    const versions = second.acts.flatMap((act) =>
      act.act === 'patch' && act.key === 'acme-a/c' ? [act.patch.body] : [],
    );
    expect(versions).toMatchObject([{ metadata: { resourceVersion: expect.any(String) } }]);
    expect([first.slotOf('c'), first.slotOf('d')]).toEqual(['gpu-0-mig-4g40gb-5-0', undefined]);
    expect([first.isGated('p'), first.isGated('q')]).toEqual([false, true]);
  });

  it('a pod that was let go and lost its allocation gets it again on its node', async () => {
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }],
        },
      },
    };
    const { object } = claimPod('p', ['c'], { schedulingGates: undefined, affinity });
    const labels = { 'gpuoptimizer.io/plan': '20270110T075959.000Z' };
    const released = thing(Pod, { ...object, metadata: { ...object.metadata, labels } });
    const out = await pass([...ground(), kept, claim('c', '1g.10gb'), released]);
    expect(out.slotOf('c')).toBe('gpu-0-mig-1g10gb-19-6');
  });

  it('a claim that several pods name is brought along by the first, and the others follow to its node', async () => {
    const world = [...ground(), kept, claim('c', '1g.10gb'), claimPod('a', ['c']), claimPod('b', ['c'])];
    const out = await pass(world);
    expect([out.isGated('a'), out.isGated('b')]).toEqual([false, true]);
    expect(out.why('b')).toMatchObject({ reason: 'Data', message: expect.stringContaining('is shared') });
    const later = await out.again();
    expect(later.get(Pod, { namespace: 'acme-a', name: 'b' })?.spec?.schedulingGates ?? []).toEqual([]);
  });
});
