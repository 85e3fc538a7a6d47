import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  countShapes,
  createKeeper,
  createPlanner,
  createSnapshot,
  type Gang,
  type Holding,
  type Keeper,
  learnArrival,
  type Member,
  type NodeFacts,
  type PolicyName,
  placeMember,
  planQueue,
  type ShapeCount,
  seededRandom,
  WHOLE_GPU,
} from '../../operator/scheduling/planner/index.ts';
import { median, percentile } from './numbers.ts';

/** One measurement of speed. */
export interface SpeedLine {
  readonly what: 'plan' | 'decision' | 'pass' | 'rebuilt';
  readonly policy: PolicyName;
  readonly pods: number;
  readonly nodes: number;
  /** CPU milliseconds to make the snapshot and, from a known queue, the first prices. */
  readonly firstMillis: number;
  /** CPU milliseconds for all pods, or for the pods of one pass. */
  readonly planMillis: number;
  /** Microseconds for one pod by the clock (CPU time is counted too coarsely for it), learning included; 0 where only the whole was measured. */
  readonly p50: number;
  readonly p99: number;
  /** Heap that the planner holds at the end. */
  readonly heapMiB: number;
}

/** Collects garbage, so that what is still held can be told from what is not. */
const collect: () => void = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc');
})();

const SEED = 42;
/** GPUs asked for as a part of the fleet's, so that the last decisions are made in a nearly full fleet. */
const FILL = 0.95;

/**
 * Plan time of 10,000 pods on 1,000 nodes, single decisions on 5,000 nodes, for each policy that is meant for it, and
 * passes of a controller that keeps its planner.
 */
export function speedLines(): SpeedLine[] {
  return (['gpuopt', 'fgd', 'best-fit'] as const).flatMap((policy) => [
    planLine(policy, 10_000, 1000),
    ...(policy === 'fgd' ? [] : [decisionLine(policy, 30_000, 5000)]),
    ...(policy === 'gpuopt' ? passLines(20_000, 5000) : []),
  ]);
}

/** Passes of a controller over a fleet that is in use: some pods ended, some came. */
const PASSES = 20;
const CHANGES = 50;

/** One pass on what is kept from the last, and on a keeper that knows nothing, as after a restart: update and placing. */
function passLines(podCount: number, nodeCount: number): SpeedLine[] {
  const nodes = fleet(nodeCount);
  const pods = workload(podCount + PASSES * CHANGES, nodeCount);
  const policy = { name: 'gpuopt', typical: [] } as const;
  const before = heapNow();
  const keeper = createKeeper();
  let held: readonly Holding[] = [];
  const pass = (kept: Keeper, waiting: readonly Member[], typical: readonly ShapeCount[]): readonly Holding[] => {
    const planner = kept.update({ nodes, held, waiting, policy: { ...policy, typical } });
    return waiting.flatMap((member) => {
      const placed = placeMember(planner, member.key, member);
      return placed === undefined ? [] : [{ ...member, node: placed.node }];
    });
  };
  const began = cpuMillis();
  held = pass(keeper, pods.slice(0, podCount), []);
  const firstMillis = cpuMillis() - began;
  while (keeper.settle(1));
  const times = { pass: [] as number[], rebuilt: [] as number[] };
  for (let at = 0; at < PASSES; at++) {
    const waiting = pods.slice(podCount + at * CHANGES, podCount + (at + 1) * CHANGES);
    held = held.slice(CHANGES);
    const rebuilding = cpuMillis();
    if (at < 3) pass(createKeeper(), waiting, countShapes([...held, ...waiting]));
    if (at < 3) times.rebuilt.push(cpuMillis() - rebuilding);
    const start = cpuMillis();
    const placed = pass(keeper, waiting, []);
    times.pass.push(cpuMillis() - start);
    held = [...held, ...placed];
    keeper.settle(12);
  }
  const heapMiB = heapNow() - before;
  return (['pass', 'rebuilt'] as const).map((what) => ({
    what,
    policy: policy.name,
    pods: podCount,
    nodes: nodeCount,
    firstMillis: what === 'pass' ? firstMillis : 0,
    planMillis: median(times[what]),
    p50: 0,
    p99: 0,
    heapMiB: what === 'pass' ? heapMiB : 0,
  }));
}

function planLine(policy: PolicyName, podCount: number, nodeCount: number): SpeedLine {
  const nodes = fleet(nodeCount);
  const pods = workload(podCount, nodeCount);
  const queue = pods.map((member, at): Gang => ({ key: member.key, priority: 0, since: at, members: [member] }));
  const request = {
    queue,
    quotas: [],
    policy: { name: policy, typical: countShapes(pods) },
    explain: 'nothing',
  } as const;
  const held = heapNow();
  const began = cpuMillis();
  const planner = createPlanner(createSnapshot(nodes), request.policy);
  const ready = cpuMillis();
  planQueue(planner, request);
  const planMillis = cpuMillis() - began;
  const heapMiB = heapNow() - held;
  return {
    what: 'plan',
    policy,
    pods: podCount,
    nodes: planner.snapshot.nodes.length,
    firstMillis: ready - began,
    planMillis,
    p50: 0,
    p99: 0,
    heapMiB,
  };
}

function decisionLine(policy: PolicyName, podCount: number, nodeCount: number): SpeedLine {
  const nodes = fleet(nodeCount);
  const pods = workload(podCount, nodeCount);
  const held = heapNow();
  const began = cpuMillis();
  const planner = createPlanner(createSnapshot(nodes), { name: policy, typical: [] });
  const firstMillis = cpuMillis() - began;
  const micros = pods.map((member) => {
    const start = performance.now();
    learnArrival(planner, member);
    placeMember(planner, member.key, member);
    return (performance.now() - start) * 1000;
  });
  const planMillis = cpuMillis() - began;
  const heapMiB = heapNow() - held;
  return {
    what: 'decision',
    policy,
    pods: podCount,
    nodes: planner.snapshot.nodes.length,
    firstMillis,
    planMillis,
    p50: percentile(micros, 0.5),
    p99: percentile(micros, 0.99),
    heapMiB,
  };
}

/** Nodes of two and eight GPUs with little and much CPU. */
function fleet(count: number): NodeFacts[] {
  return Array.from({ length: count }, (_, at): NodeFacts => {
    const large = at % 2 === 0;
    return {
      name: `n${at}`,
      model: large ? 'large' : 'small',
      cpuMilli: (large ? 96 : 32) * 1000,
      memoryMiB: (large ? 768 : 192) * 1024,
      gpus: { count: large ? 8 : 2, resource: WHOLE_GPU, replicas: 1 },
      resources: [],
      labels: {},
      taints: [],
      schedulable: true,
    };
  });
}

/** Pods of 36 shapes, shares and whole GPUs, that together ask for most of the fleet. */
function workload(count: number, nodes: number): Member[] {
  const random = seededRandom(SEED);
  const mean = (nodes * 5 * 1000 * FILL) / count;
  return Array.from({ length: count }, (_, at) => {
    const large = random() < 0.02;
    const milli = large ? 8000 : Math.max(10, Math.round((random() * 2 * mean * 0.84) / 50) * 50);
    const cpuMilli = 1000 * (1 + Math.floor(random() * 4)) * (large ? 8 : 1);
    return { key: `p${at}`, cpuMilli, memoryMiB: 4096, gpus: [demandOf(milli)] };
  });
}

function demandOf(milli: number): Member['gpus'][number] {
  if (milli < 1000) return { kind: 'share', milli };
  return { kind: 'devices', resource: WHOLE_GPU, count: Math.floor(milli / 1000) };
}

/** CPU time of this thread in milliseconds: what else the machine does must not count. */
function cpuMillis(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Heap and typed arrays in use, after a collection. */
function heapNow(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}
