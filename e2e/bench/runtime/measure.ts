import { progressTo } from '../../cluster/progress.ts';
import { clearAll } from '../api.ts';
import { type Machine, machineWith } from '../command.ts';
import { type Churn, churn, type FirstRun, firstRun, type NoOps, noOps } from './assembly-phases.ts';
import { checkEndState } from './end-state.ts';
import { ASSEMBLIES, CHILDREN, PODS } from './objects.ts';
import { type PodEvents, podEvents, type Restart, restart } from './pod-phases.ts';
import { buildBaseline, ourSide, type Side, type SideName, theirSide } from './side.ts';
import { createAssemblies, type RuntimeWorld, withRuntimeWorld } from './world.ts';

/** How much work. */
export interface Size {
  readonly objects: number;
  readonly pods: number;
  readonly rounds: number;
}

/** What one side did in one round. */
export interface SideRound {
  readonly first: FirstRun;
  readonly churn: Churn;
  readonly noOps: NoOps;
  /** Assemblies with child and status as their specs ask for. */
  readonly right: number;
  readonly podEvents: PodEvents;
  readonly restart: Restart;
}

/** One round: both sides, one after the other. */
export type Round = Readonly<Record<SideName, SideRound>>;

/** What was measured, and where. */
export interface RuntimeReport extends Machine, Size {
  readonly order: readonly (readonly SideName[])[];
  readonly results: readonly Round[];
}

/** Measures both runtimes in a cluster of its own. */
export async function measureRuntime(size: Size, signal: AbortSignal): Promise<RuntimeReport> {
  const program = await buildBaseline(progressTo(process.stderr));
  return await withRuntimeWorld(signal, async (world) => {
    const { cluster, progress } = world;
    const ours = await ourSide(cluster.stateDir, cluster.kubeconfig);
    const theirs = theirSide(cluster.stateDir, cluster.kubeconfig, program);
    const results: Round[] = [];
    const order: (readonly SideName[])[] = [];
    for (let round = 0; round < size.rounds; round += 1) {
      const sides = round % 2 === 0 ? [ours, theirs] : [theirs, ours];
      order.push(sides.map(({ name }) => name));
      progress.say('round', `${round + 1} of ${size.rounds}: ${sides.map(({ name }) => name).join(', then ')}`);
      results.push(await measureRound(world, sides, size));
      if (round + 1 < size.rounds) await clearAll(world.api, PODS, signal);
    }
    return { ...machineWith(cluster.record.version), ...size, order, results };
  });
}

/** What was measured so far. */
type Partly = { -readonly [Name in SideName]?: Partial<SideRound> };

async function measureRound(world: RuntimeWorld, sides: readonly Side[], { objects, pods }: Size): Promise<Round> {
  const { progress } = world;
  const found: Partly = {};
  for (const side of sides) {
    await progress.step('objects', { doing: 'replacing', done: `${objects}` }, async () => {
      for (const path of [ASSEMBLIES, CHILDREN]) await clearAll(world.api, path, world.signal);
      await createAssemblies(world, objects);
    });
    try {
      const first = await firstRun(world, side, objects);
      const { secondsToAllReady, cpuSeconds, peakRssMiB } = first;
      const text = `all Ready after ${secondsToAllReady.toFixed(1)} s`;
      progress.say(side.name, `${text}, ${cpuSeconds.toFixed(1)} s of CPU, ${peakRssMiB.toFixed(0)} MiB at most`);
      const changes = await churn(world, side, objects);
      progress.say(
        side.name,
        `change to status p50 ${changes.p50Millis.toFixed(0)} ms, p99 ${changes.p99Millis.toFixed(0)} ms`,
      );
      const idle = await noOps(world, side, objects);
      progress.say(side.name, `${idle.perSecond.toFixed(0)} passes a second that change nothing`);
      found[side.name] = { first, churn: changes, noOps: idle };
    } finally {
      await side.stop();
    }
    found[side.name] = { ...found[side.name], right: await checkEndState(world, objects) };
  }
  let there = 0;
  for (const [at, side] of sides.entries()) {
    const to = Math.round((pods * (at + 1)) / sides.length);
    const events = await podEvents(world, side, there, to);
    progress.say(side.name, `${events.cpuMicrosPerEvent.toFixed(0)} µs of CPU for the event of a pod`);
    found[side.name] = { ...found[side.name], podEvents: events };
    there = to;
  }
  for (const side of sides) {
    const again = await restart(world, side);
    const text = `started again: synced after ${again.secondsToSynced.toFixed(1)} s`;
    progress.say(
      side.name,
      `${text}, ${again.cpuSeconds.toFixed(1)} s of CPU, ${again.peakRssMiB.toFixed(0)} MiB at most`,
    );
    found[side.name] = { ...found[side.name], restart: again };
  }
  return { ours: whole(found.ours), theirs: whole(found.theirs) };
}

function whole(found: Partial<SideRound> | undefined): SideRound {
  const { first, churn: changes, noOps: idle, right, podEvents: events, restart: again } = found ?? {};
  if (first === undefined || changes === undefined || idle === undefined || right === undefined)
    throw new TypeError('a side was not measured on assemblies');
  if (events === undefined || again === undefined) throw new TypeError('a side was not measured on pods');
  return { first, churn: changes, noOps: idle, right, podEvents: events, restart: again };
}
