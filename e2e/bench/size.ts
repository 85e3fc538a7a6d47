import { setTimeout as delay } from 'node:timers/promises';
import { generateUniformPods } from '../fleet/workload.ts';
import { type Machine, machineText, machineWith, runBench } from './command.ts';
import { aligned } from './numbers.ts';
import { loadPods } from './pods.ts';
import { resetPeak } from './proc.ts';
import { GATED_NAMESPACE, type World, withWorld } from './world.ts';

const HELP = `Measures what the operator uses: memory, CPU time and delay of its event loop.

Usage: node e2e/bench/size.ts [--pods 5000] [--nodes 1213] [--idle 60] [--json]

  --pods N     pods of one GPU each; the fleet has about five GPUs a node
  --nodes N    fake GPU nodes
  --idle N     seconds to watch the operator with nothing to do
  --json       print one JSON object and nothing else

A cluster of its own is started and stopped again, also when interrupted. The operator starts with the nodes, releases
the pods, idles, and is started again with all of them there.

Exit codes: 0 measured; 1 failed; 2 usage, or no cluster with fake nodes; 130 interrupted.
`;

const LOAD_MILLIS = 900_000;
/** After a load the caches, the store and the status of pools are still catching up. */
const SETTLE_MILLIS = 15_000;

/** What the operator used in one phase. */
interface Phase {
  readonly phase: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly cpuSecondsPerMinute: number;
  /** Resident memory at the end of the phase, and the most in it. */
  readonly rssMiB: number;
  readonly peakRssMiB: number;
  /** Heap in use at the end; garbage that is not collected yet counts. */
  readonly heapMiB: number;
}

interface Report extends Machine {
  readonly pods: number;
  readonly nodes: number;
  readonly phases: readonly Phase[];
}

/** Watches the running operator during `work`; from its very start with `fresh`. */
async function observed(world: World, phase: string, work: () => Promise<void>, fresh = false): Promise<Phase> {
  const { operator, progress } = world;
  if (!fresh) resetPeak(operator.pid());
  const before = fresh ? 0 : operator.use().cpuSeconds;
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { cpuSeconds: after, rssMiB, peakRssMiB } = operator.use();
  const cpuSeconds = after - before;
  progress.say('operator', `${phase}: ${cpuSeconds.toFixed(1)} s of CPU, ${rssMiB.toFixed(0)} MiB`);
  const heapMiB = (await operator.metric('nodejs_heap_size_used_bytes')) / 2 ** 20;
  return { phase, seconds, cpuSeconds, cpuSecondsPerMinute: (cpuSeconds * 60) / seconds, rssMiB, peakRssMiB, heapMiB };
}

async function measure(
  world: World,
  pods: number,
  idleSeconds: number,
  signal: AbortSignal,
): Promise<readonly Phase[]> {
  const phases: Phase[] = [];
  phases.push(await observed(world, 'start to ready, no pods', () => world.startOperator(), true));
  phases.push(
    await observed(world, 'create to bound', async () => {
      const objects = generateUniformPods(pods, GATED_NAMESPACE).map(({ object }) => object);
      await loadPods(world.api, { namespace: GATED_NAMESPACE, pods: objects, timeoutMillis: LOAD_MILLIS, signal });
    }),
  );
  phases.push(await observed(world, 'settling', () => delay(SETTLE_MILLIS, undefined, { signal })));
  phases.push(await observed(world, 'idle', () => delay(idleSeconds * 1000, undefined, { signal })));
  await world.operator.stop();
  phases.push(await observed(world, 'start to ready, all pods', () => world.startOperator(), true));
  phases.push(await observed(world, 'settling after start', () => delay(SETTLE_MILLIS, undefined, { signal })));
  phases.push(await observed(world, 'idle after start', () => delay(idleSeconds * 1000, undefined, { signal })));
  await world.operator.stop();
  return phases;
}

function table({ pods, nodes, phases, ...machine }: Report): string {
  return [
    `size: the operator at ${nodes} nodes and ${pods} pods (${machineText(machine)})\n`,
    aligned([
      ['phase', 'seconds', 'CPU s', 'CPU s/min', 'RSS MiB', 'peak MiB', 'heap MiB'],
      ...phases.map((each) => [
        each.phase,
        each.seconds.toFixed(1),
        each.cpuSeconds.toFixed(1),
        each.cpuSecondsPerMinute.toFixed(1),
        each.rssMiB.toFixed(0),
        each.peakRssMiB.toFixed(0),
        each.heapMiB.toFixed(0),
      ]),
    ]),
  ].join('');
}

await runBench({
  help: HELP,
  options: {
    pods: { usual: 5000, least: 1, most: 50_000 },
    nodes: { usual: 1213, least: 1, most: 10_000 },
    idle: { usual: 60, least: 1, most: 3600 },
  },
  measure: ({ pods, nodes, idle }, signal) =>
    withWorld({ nodes, pods }, signal, async (world): Promise<Report> => {
      const phases = await measure(world, pods, idle, signal);
      return { pods, nodes, ...machineWith(world.version), phases };
    }),
  table,
});
