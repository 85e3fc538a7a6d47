import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainGang } from '../explain.ts';
import { hold } from '../hold.ts';
import { createPlanner, placeGang } from '../place.ts';
import { BEST_FIT, testGang, testNode, testPod } from '../planner.fixture.ts';
import { createSnapshot } from '../snapshot.ts';
import type { Gang, Holding, Nearness, NodeFacts } from '../types.ts';

const LEVELS = ['zone', 'rack', 'clique'];
const inRack: Nearness = { set: 'gang', levels: LEVELS, required: 'rack' };
const near: Nearness = { set: 'gang', levels: LEVELS };

/** Nodes of four GPUs named by zone, rack and clique: `a1x` is in zone a, rack a1, clique a1x; `-` has no label. */
function fleet(...names: readonly string[]): readonly NodeFacts[] {
  return names.map((name, at) => {
    const [zone, rack, clique] = [name.slice(0, 1), name.slice(0, 2), name.slice(0, 3)];
    const labels = name.startsWith('-') ? {} : { zone, rack, ...(clique.length === 3 && { clique }) };
    return testNode(`${name}/${at}`, { gpus: { count: 4, resource: 'nvidia.com/gpu', replicas: 1 }, labels });
  });
}

function held(node: string, gpus: number): Holding {
  return { ...testPod(`on ${node}`, gpus), node };
}

function gangOf(pods: number, gpus: number, by: Nearness | undefined): Gang {
  return testGang(
    'g',
    Array.from({ length: pods }, (_, at) => testPod(`p${at}`, gpus, { near: by })),
  );
}

function plannerOf(nodes: readonly NodeFacts[], holdings: readonly Holding[]) {
  const snapshot = createSnapshot(nodes);
  for (const holding of holdings) hold(snapshot, holding);
  return createPlanner(snapshot, BEST_FIT);
}

interface Row {
  readonly name: string;
  readonly nodes: readonly NodeFacts[];
  readonly held?: readonly Holding[];
  readonly gang: Gang;
  /** Nodes used, sorted; undefined where it must wait. */
  readonly on?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'required: the rack that is left fullest, so that the large one stays whole',
    nodes: fleet('a1', 'a1', 'a1', 'a2', 'a2'),
    gang: gangOf(2, 4, inRack),
    on: ['a2/3', 'a2/4'],
  },
  { name: 'required: not across racks', nodes: fleet('a1', 'a2'), gang: gangOf(2, 4, inRack) },
  {
    name: 'required: equal names in two zones are two racks',
    nodes: fleet('a1', 'b1').map(sameRack),
    gang: gangOf(2, 4, inRack),
  },
  { name: 'required: a node without the label is in no rack', nodes: fleet('-', '-'), gang: gangOf(2, 4, inRack) },
  {
    name: 'required: within the rack as few cliques as it can',
    nodes: fleet('a1x', 'a1y', 'a1y', 'a1x', 'a1z'),
    gang: gangOf(2, 4, inRack),
    on: ['a1x/0', 'a1x/3'],
  },
  {
    name: 'required: what runs in a rack counts',
    nodes: fleet('a1', 'a1', 'a2', 'a2'),
    held: [held('a1/0', 1)],
    gang: gangOf(2, 4, inRack),
    on: ['a2/2', 'a2/3'],
  },
  {
    name: 'preferred: the narrowest level that has room',
    nodes: fleet('a1x', 'a1y', 'b1x', 'b1x'),
    gang: gangOf(2, 4, near),
    on: ['b1x/2', 'b1x/3'],
  },
  {
    name: 'preferred: else a wider one',
    nodes: fleet('a1x', 'b1x', 'a1y'),
    gang: gangOf(2, 4, near),
    on: ['a1x/0', 'a1y/2'],
  },
  {
    name: 'preferred: else over as few zones as it can, the last filled best',
    nodes: fleet('a1', 'b1', 'b1', 'c1', 'c1', 'c1'),
    gang: gangOf(4, 4, near),
    on: ['a1/0', 'c1/3', 'c1/4', 'c1/5'],
  },
  { name: 'preferred: else anywhere', nodes: fleet('a1', '-'), gang: gangOf(2, 4, near), on: ['-/1', 'a1/0'] },
  {
    name: 'preferred no narrower than a level',
    nodes: fleet('a1x', 'a1y', 'a1z'),
    gang: gangOf(2, 4, { ...near, preferred: 'zone' }),
    on: ['a1x/0', 'a1y/1'],
  },
  {
    name: 'preferred within what is required',
    nodes: fleet('a1', 'a2', 'a2', 'b1', 'b1', 'b1', 'b2'),
    gang: gangOf(3, 4, { ...near, required: 'zone', preferred: 'rack' }),
    on: ['b1/3', 'b1/4', 'b1/5'],
  },
  {
    name: 'growth goes to where the others are',
    nodes: fleet('a1', 'a1', 'a2'),
    gang: gangOf(1, 4, { ...inRack, beside: ['a1/0'] }),
    held: [held('a1/0', 4)],
    on: ['a1/1'],
  },
  {
    name: 'growth waits where its rack is full',
    nodes: fleet('a1', 'a2'),
    gang: gangOf(1, 4, { ...inRack, beside: ['a1/0'] }),
    held: [held('a1/0', 4)],
  },
  {
    name: 'growth that only prefers goes on',
    nodes: fleet('a1', 'a2'),
    gang: gangOf(1, 4, { ...near, beside: ['a1/0'] }),
    held: [held('a1/0', 4)],
    on: ['a2/1'],
  },
  {
    name: 'pods of different sizes together',
    nodes: fleet('a1', 'a2', 'a2'),
    gang: testGang('g', [testPod('big', 4, { near: inRack }), testPod('small', 2, { near: inRack })]),
    on: ['a2/1', 'a2/2'],
  },
  {
    name: 'two sets, each in a rack of its own',
    nodes: fleet('a1', 'a2'),
    gang: testGang('g', [
      testPod('one', 4, { near: { ...inRack, set: 'one' } }),
      testPod('two', 4, { near: { ...inRack, set: 'two' } }),
    ]),
    on: ['a1/0', 'a2/1'],
  },
];

function sameRack(node: NodeFacts): NodeFacts {
  return { ...node, labels: { ...node.labels, rack: 'r' } };
}

describe('pods that are to be near each other', () => {
  it.each(rows)('$name', ({ nodes, held: holdings = [], gang, on }) => {
    const planner = plannerOf(nodes, holdings);
    const before = [...planner.snapshot.gpuFree];
    const placed = placeGang(planner, gang, []);
    expect(placed?.map(({ node }) => node).sort()).toEqual(on);
    if (placed === undefined) expect([...planner.snapshot.gpuFree]).toEqual(before);
  });

  it.each([
    {
      name: 'a rack has room for a part of it',
      nodes: fleet('a1', 'a1', 'a1', 'a2'),
      gang: gangOf(4, 4, inRack),
      says: 'the largest free run in a rack is 3 of 4 (a/a1)',
      helps: 'one zone required in place of one rack',
    },
    {
      name: 'no wider domain would do',
      nodes: fleet('a1', 'b1'),
      gang: gangOf(2, 4, inRack),
      says: 'the largest free run in a rack is 1 of 2',
      helps: 'its requirement of one rack dropped',
    },
    {
      name: 'no node is in a rack',
      nodes: fleet('-', '-'),
      gang: gangOf(2, 4, inRack),
      says: 'no rack has room for any',
      helps: 'its requirement of one rack dropped',
    },
  ])('waits for Topology: $name', ({ nodes, gang, says, helps }) => {
    const answer = explainGang(plannerOf(nodes, []), gang, []);
    expect(answer).toMatchObject({ blocker: 'Topology', need: gang.members.length, unit: 'pods' });
    expect(answer.sentence).toContain(says);
    expect(answer.counterfactuals[0]).toMatchObject({ kind: 'topology', change: helps });
  });

  it('waits for Capacity where a rack would do if it were free', () => {
    const nodes = fleet('a1', 'a1');
    const answer = explainGang(plannerOf(nodes, [held('a1/0', 4), held('a1/1', 4)]), gangOf(2, 4, inRack), []);
    expect(answer.blocker).toBe('Capacity');
  });

  const domain = fc.constantFrom('a1x', 'a1y', 'a2x', 'b1x', 'b2x', '-');
  const world = fc.record({
    names: fc.array(domain, { minLength: 1, maxLength: 12 }),
    taken: fc.array(fc.nat(4), { minLength: 12, maxLength: 12 }),
    pods: fc.integer({ min: 1, max: 8 }),
    gpus: fc.integer({ min: 1, max: 4 }),
    required: fc.constantFrom(undefined, ...LEVELS),
  });

  it('whatever the fleet: whole and within one domain, and it waits only where no domain has room', () => {
    fc.assert(
      fc.property(world, ({ names, taken, pods, gpus, required }) => {
        const nodes = fleet(...names);
        const holdings = nodes.map(({ name }, at) => held(name, taken[at] ?? 0)).filter((one) => one.gpus.length > 0);
        const planner = plannerOf(nodes, holdings);
        const placed = placeGang(planner, gangOf(pods, gpus, { ...near, required }), []);
        const level = LEVELS.indexOf(required ?? '');
        const domainOf = (name: string) =>
          level < 0 ? 'all' : name.startsWith('-') ? undefined : name.slice(0, level + 1);
        if (placed === undefined) {
          const rooms = new Map<string, number>();
          for (const [at, { name }] of nodes.entries()) {
            const own = domainOf(name);
            const room = Math.floor((4 - (taken[at] ?? 0)) / gpus);
            if (own !== undefined) rooms.set(own, (rooms.get(own) ?? 0) + room);
          }
          expect(Math.max(0, ...rooms.values())).toBeLessThan(pods);
          return;
        }
        expect(placed).toHaveLength(pods);
        expect(new Set(placed.map(({ node }) => domainOf(node))).size).toBe(1);
        expect(domainOf(placed[0]?.node ?? '')).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});
