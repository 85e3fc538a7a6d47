import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceRoomFacts } from './device-room.ts';
import { createFollowed, type Followed, follow } from './follow.ts';
import { release } from './hold.ts';
import { createPlanner, type Planner, placeMember } from './place.ts';
import { testNode, testPod } from './planner.fixture.ts';
import type { Holding, Member, NodeFacts, PlanPolicy } from './types.ts';

const MIG = 'nvidia.com/mig-1g.10gb';
const SHARED = 'nvidia.com/gpu.shared';
const HALF = 'half';

/** A GPU that is handed out whole or in two halves. */
const ROOM: DeviceRoomFacts = {
  devices: [
    {
      name: 'gpu-0',
      resource: 'whole',
      group: 0,
      takes: [
        [0, 1],
        [1, 1],
      ],
      usable: true,
      milli: 1000,
      shareMilli: 1000,
    },
    { name: 'gpu-0-a', resource: HALF, group: 0, takes: [[0, 1]], usable: true, milli: 500, shareMilli: 500 },
    { name: 'gpu-0-b', resource: HALF, group: 0, takes: [[1, 1]], usable: true, milli: 500, shareMilli: 500 },
  ],
  counters: [1, 1],
  gpus: 1,
  aliases: {},
};
const POLICY: PlanPolicy = { name: 'best-fit', typical: [] };

type Event =
  | {
      readonly does: 'bind';
      readonly pod: number;
      readonly node: number;
      readonly asks: number;
      readonly tenant: string;
    }
  | { readonly does: 'end'; readonly pod: number }
  | { readonly does: 'change'; readonly node: number; readonly to: Partial<NodeFacts> }
  | { readonly does: 'node'; readonly node: number }
  | { readonly does: 'plan'; readonly pod: number; readonly asks: number; readonly stays: boolean }
  | { readonly does: 'forget'; readonly pod: number };

/** What pods ask for: more than some nodes have, so that nodes run over when capacity changes. */
const ASKS: readonly Member['gpus'][] = [
  [{ kind: 'devices', resource: 'nvidia.com/gpu', count: 3 }],
  [{ kind: 'share', milli: 400 }],
  [{ kind: 'share', milli: 700 }],
  [{ kind: 'devices', resource: SHARED, count: 2 }],
  [{ kind: 'devices', resource: MIG, count: 2 }],
  [{ kind: 'devices', resource: HALF, count: 1 }],
  [{ kind: 'devices', resource: 'whole', count: 1 }],
  [
    { kind: 'devices', resource: 'nvidia.com/gpu', count: 1 },
    { kind: 'devices', resource: MIG, count: 1 },
  ],
  [],
];

const podNumber = fc.nat(11);
const nodeNumber = fc.nat(4);
const asks = fc.nat(ASKS.length - 1);
const to: fc.Arbitrary<Partial<NodeFacts>> = fc.constantFrom<Partial<NodeFacts>>(
  { schedulable: false },
  { schedulable: true },
  { pool: 'other' },
  { labels: { zone: 'b' } },
  { taints: [{ key: 'k', effect: 'NoSchedule' }] },
  { cpuMilli: 2000 },
  { gpus: { count: 1, resource: 'nvidia.com/gpu', replicas: 1 } },
  { gpus: { count: 2, resource: SHARED, replicas: 4 } },
  { model: 'A100' },
  {},
);
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    does: fc.constant('bind' as const),
    pod: podNumber,
    node: nodeNumber,
    asks,
    tenant: fc.constantFrom('t', 'u'),
  }),
  fc.record({ does: fc.constant('end' as const), pod: podNumber }),
  fc.record({ does: fc.constant('change' as const), node: nodeNumber, to }),
  fc.record({ does: fc.constant('node' as const), node: nodeNumber }),
  fc.record({ does: fc.constant('plan' as const), pod: podNumber, asks, stays: fc.boolean() }),
  fc.record({ does: fc.constant('forget' as const), pod: podNumber }),
);

interface WorldState {
  readonly nodes: Map<string, NodeFacts>;
  readonly held: Map<string, Holding>;
}

function freshNode(at: number): NodeFacts {
  if (at === 3) {
    const resources = ['whole', HALF].map((name, cut) => ({ name, count: cut + 1, milliEach: 1000 / (cut + 1) }));
    return testNode('n3', { gpus: { count: 0, resource: '', replicas: 1 }, resources, room: ROOM, pool: 'main' });
  }
  const resources = at % 2 === 0 ? [{ name: MIG, count: 3, milliEach: 142 }] : [];
  return testNode(`n${at}`, { gpus: { count: 4, resource: 'nvidia.com/gpu', replicas: 1 }, resources, pool: 'main' });
}

function happen(one: Event, world: WorldState, planner: Planner): void {
  if (one.does === 'bind') {
    const { pod, node, tenant } = one;
    world.held.set(`p${pod}`, { ...testPod(`p${pod}`, 0), gpus: ASKS[one.asks] ?? [], node: `n${node}`, tenant });
  }
  if (one.does === 'end') world.held.delete(`p${one.pod}`);
  if (one.does === 'change') {
    const facts = world.nodes.get(`n${one.node}`);
    if (facts !== undefined) world.nodes.set(facts.name, { ...facts, ...one.to });
  }
  if (one.does === 'node' && !world.nodes.delete(`n${one.node}`)) world.nodes.set(`n${one.node}`, freshNode(one.node));
  if (one.does === 'plan') {
    const member = { ...testPod(`p${one.pod}`, 0), gpus: ASKS[one.asks] ?? [] };
    const placed = placeMember(planner, 'g', member);
    if (placed !== undefined && one.stays) world.held.set(member.key, { ...member, node: placed.node });
  }
  // A trial eviction that is not put back.
  if (one.does === 'forget') release(planner.snapshot, `p${one.pod}`);
}

function nodesOf({ nodes }: WorldState): NodeFacts[] {
  return [...nodes.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Everything a decision can depend on. */
function stateOf({ snapshot }: Followed): unknown {
  const { nodes, cpuFree, memoryFree, podsFree, gpuFree, namedFree, idleMilli, capacityMilli } = snapshot;
  const used = [...snapshot.usedMilli].flatMap(([tenant, pools]) =>
    [...pools].flatMap(([pool, milli]) => (milli === 0 ? [] : [`${tenant}/${pool}/${milli}`])),
  );
  const taken = [...snapshot.taken].sort(([left], [right]) => (left < right ? -1 : 1));
  const rooms = snapshot.rooms.map((room) => room?.free);
  const sums = { used: used.sort(), taken, rooms };
  return structuredClone({
    nodes,
    cpuFree,
    memoryFree,
    podsFree,
    gpuFree,
    namedFree,
    idleMilli,
    capacityMilli,
    ...sums,
  });
}

describe('a snapshot that follows the world', () => {
  it('equals one made anew, whatever happened and whatever was planned and tried in between', () => {
    let followedPasses = 0;
    fc.assert(
      fc.property(fc.array(fc.array(event, { minLength: 1, maxLength: 6 }), { maxLength: 12 }), (passes) => {
        const names = [0, 1, 2, 3].map(freshNode);
        const world: WorldState = { nodes: new Map(names.map((node) => [node.name, node])), held: new Map() };
        let followed = createFollowed(nodesOf(world), []);
        let planner = createPlanner(followed.snapshot, POLICY);
        for (const events of passes) {
          for (const one of events) happen(one, world, planner);
          const held = [...world.held.values()];
          if (follow(followed, nodesOf(world), held)) followedPasses++;
          else {
            followed = createFollowed(nodesOf(world), held);
            planner = createPlanner(followed.snapshot, POLICY);
          }
          const anew = createFollowed(nodesOf(world), [...held].reverse());
          expect(stateOf(followed)).toEqual(stateOf(anew));
          for (const [at, gpus] of ASKS.entries()) {
            const member = { ...testPod(`try-${at}`, 0), gpus };
            expect(placeMember(planner, 'g', member)).toEqual(
              placeMember(createPlanner(anew.snapshot, POLICY), 'g', member),
            );
          }
        }
      }),
      { numRuns: 150, seed: 1 },
    );
    expect(followedPasses).toBeGreaterThan(150);
  });

  it('touches only nodes of which something changed', () => {
    const nodes = ['a', 'b', 'c'].map((name) => testNode(name));
    const held = nodes.map(({ name }) => ({ ...testPod(`on-${name}`, 1), node: name }));
    const followed = createFollowed(nodes, held);
    const before = [...followed.snapshot.version];
    expect(
      follow(
        followed,
        nodes.map((node) => ({ ...node })),
        held.slice(1),
      ),
    ).toBe(true);
    const after = [...followed.snapshot.version];
    expect(after.map((version, at) => version !== before[at])).toEqual([true, false, false]);
  });

  it('does not follow a fleet that offers something else', () => {
    const followed = createFollowed([testNode('a')], []);
    expect(follow(followed, [testNode('a', { cpuMilli: 1 })], [])).toBe(false);
    expect(follow(followed, [testNode('b')], [])).toBe(false);
    expect(follow(followed, [testNode('a'), testNode('b')], [])).toBe(false);
  });
});
