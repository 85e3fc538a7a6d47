import { generateUniformPods } from '../fleet/workload.ts';
import { clearAll } from './api.ts';
import { type Machine, machineText, machineWith, runBench } from './command.ts';
import { aligned, median } from './numbers.ts';
import { type LoadResult, loadPods } from './pods.ts';
import { BARE_NAMESPACE, GATED_NAMESPACE, type World, withWorld } from './world.ts';

const HELP = `Measures how fast pods get from create to bound: through the gate and the planner, and by kube-scheduler alone.

Usage: node e2e/bench/release.ts [--pods 2000] [--nodes 500] [--rounds 3] [--json]

  --pods N     pods of one GPU each in every load; the fleet has about five GPUs a node
  --nodes N    fake GPU nodes
  --rounds N   rounds; each loads both ways, in turns first, and the medians count
  --json       print one JSON object and nothing else

A cluster of its own is started and stopped again, also when interrupted. kube-scheduler is alone in its loads: the
operator runs during the others only, and is warm by then. Absolute numbers depend on the machine; the ratio says more.

Exit codes: 0 measured; 1 failed; 2 usage, or no cluster with fake nodes; 130 interrupted.
`;

/** Pods loaded before the first measured load of each kind, so that caches and compilers are warm on both sides. */
const WARM_UP_PODS = 400;
const LOAD_MILLIS = 300_000;

type Way = 'bare' | 'gated';

/** A load, and the CPU-seconds that each process took for it. */
interface Measured extends LoadResult {
  readonly cpuSeconds: Readonly<Record<string, number>>;
}

interface Round {
  readonly bare: Measured;
  readonly gated: Measured;
}

/** The medians of one way over all rounds. */
type Medians = Readonly<Record<(typeof MEASURES)[number], number>>;

const MEASURES = ['perSecond', 'createdPerSecond', 'p50Millis', 'p99Millis', 'planP50Millis', 'plans'] as const;

interface Report extends Machine {
  readonly pods: number;
  readonly nodes: number;
  readonly rounds: readonly Round[];
  readonly bare: Medians;
  readonly gated: Medians;
  /** Pods bound a second through our gate, as a part of kube-scheduler alone: the median of the rounds' ratios. */
  readonly ratio: number;
}

async function measure(world: World, pods: number, rounds: number, signal: AbortSignal): Promise<readonly Round[]> {
  const results: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const order: readonly Way[] = round % 2 === 1 ? ['bare', 'gated'] : ['gated', 'bare'];
    const found = new Map<Way, Measured>();
    for (const way of order) {
      const load = way === 'bare' ? loadBare : loadGated;
      const result = await load(world, pods, signal);
      const { perSecond, p50Millis, p99Millis } = result;
      const text = `${perSecond.toFixed(0)} pods/s, create to bound p50 ${p50Millis.toFixed(0)} ms, p99 ${p99Millis.toFixed(0)} ms`;
      world.progress.say(`round ${round}`, `${way.padEnd(6)} ${text}`);
      found.set(way, result);
    }
    const [bare, gated] = [found.get('bare'), found.get('gated')];
    if (bare !== undefined && gated !== undefined) results.push({ bare, gated });
  }
  return results;
}

async function loadBare(world: World, pods: number, signal: AbortSignal): Promise<Measured> {
  return await loadTwice(world, BARE_NAMESPACE, pods, signal);
}

async function loadGated(world: World, pods: number, signal: AbortSignal): Promise<Measured> {
  await world.startOperator();
  try {
    return await loadTwice(world, GATED_NAMESPACE, pods, signal);
  } finally {
    await world.operator.stop();
  }
}

async function loadTwice(world: World, namespace: string, pods: number, signal: AbortSignal): Promise<Measured> {
  const load = async (count: number): Promise<Measured> => {
    const objects = generateUniformPods(count, namespace).map(({ object }) => object);
    const before = await world.cpuSeconds();
    const result = await loadPods(world.api, { namespace, pods: objects, timeoutMillis: LOAD_MILLIS, signal });
    const after = Object.entries(await world.cpuSeconds());
    await clearAll(world.api, `/api/v1/namespaces/${namespace}/pods`, signal);
    return { ...result, cpuSeconds: Object.fromEntries(after.map(([name, cpu]) => [name, cpu - (before[name] ?? 0)])) };
  };
  await load(Math.min(WARM_UP_PODS, pods));
  return await load(pods);
}

function mediansOf(loads: readonly LoadResult[]): Medians {
  const of = (name: (typeof MEASURES)[number]): number => median(loads.map((load) => load[name] ?? Number.NaN));
  return {
    perSecond: of('perSecond'),
    createdPerSecond: of('createdPerSecond'),
    p50Millis: of('p50Millis'),
    p99Millis: of('p99Millis'),
    planP50Millis: of('planP50Millis'),
    plans: of('plans'),
  };
}

function table({ pods, nodes, rounds, bare, gated, ratio, ...machine }: Report): string {
  const row = (name: string, key: (typeof MEASURES)[number], digits = 0): readonly string[] => [
    name,
    gated[key].toFixed(digits),
    bare[key].toFixed(digits),
    (gated[key] / bare[key]).toFixed(2),
  ];
  const only = (name: string, value: string): readonly string[] => [name, value, '–', '–'];
  const ratios = rounds.map((round) => (round.gated.perSecond / round.bare.perSecond).toFixed(2)).join(', ');
  return [
    `release: ${pods} pods on ${nodes} nodes, medians of ${rounds.length} rounds (${machineText(machine)})\n`,
    aligned([
      ['', 'gate and planner', 'kube-scheduler alone', 'ratio'],
      row('pods bound per second', 'perSecond'),
      row('pods created per second', 'createdPerSecond'),
      row('create to bound p50, ms', 'p50Millis'),
      row('create to bound p99, ms', 'p99Millis'),
      only('create to its plan p50, ms', gated.planP50Millis.toFixed(0)),
      only('plans that released pods', gated.plans.toFixed(0)),
      ...cpuRows(rounds, pods),
    ]),
    `pods per second as a part of kube-scheduler alone: ${ratio.toFixed(2)} (rounds: ${ratios})\n`,
  ].join('');
}

/** CPU time by process and pod, in the order of what our way costs. */
function cpuRows(rounds: readonly Round[], pods: number): readonly (readonly string[])[] {
  const names = [
    ...new Set(rounds.flatMap(({ bare, gated }) => Object.keys({ ...gated.cpuSeconds, ...bare.cpuSeconds }))),
  ];
  const millis = (way: Way, name: string): number =>
    (median(rounds.map((round) => round[way].cpuSeconds[name] ?? 0)) * 1000) / pods;
  const total = (way: Way): number => names.reduce((sum, name) => sum + millis(way, name), 0);
  return [
    { name: 'all', gated: total('gated'), bare: total('bare') },
    ...names
      .map((name) => ({ name, gated: millis('gated', name), bare: millis('bare', name) }))
      .sort((left, right) => right.gated - left.gated),
  ].map(({ name, gated, bare }) => [
    `CPU of ${name} for a pod, ms`,
    gated.toFixed(1),
    bare.toFixed(1),
    bare === 0 ? '–' : (gated / bare).toFixed(2),
  ]);
}

await runBench({
  help: HELP,
  options: {
    pods: { usual: 2000, least: 1, most: 50_000 },
    nodes: { usual: 500, least: 1, most: 10_000 },
    rounds: { usual: 3, least: 1, most: 100 },
  },
  measure: ({ pods, nodes, rounds }, signal) =>
    withWorld({ nodes, pods }, signal, async (world): Promise<Report> => {
      const results = await measure(world, pods, rounds, signal);
      return {
        pods,
        nodes,
        ...machineWith(world.version),
        rounds: results,
        bare: mediansOf(results.map(({ bare }) => bare)),
        gated: mediansOf(results.map(({ gated }) => gated)),
        ratio: median(results.map(({ bare, gated }) => gated.perSecond / bare.perSecond)),
      };
    }),
  table,
});
