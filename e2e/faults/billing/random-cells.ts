/** Worlds in which processes are killed at random points, again and again, also while they recover. */
import { Cell, type Recovery, recoveries, stepMillis } from './cell.ts';
import type { Ground } from './ground.ts';
import { type CellResult, shown } from './matrix.ts';
import { describe, type Subject, SubjectFailed } from './process.ts';
import { randomFrom } from './random.ts';
import { generateWorld } from './world.ts';

/** Kills of one world. */
const mostKills = 6;
/** A step reaches about this many points; a kill beyond its last one does not strike. */
const pointsOfStep = 120;
const hours = 6;

/** Runs a world with random kills; the seed decides over all of it. */
export async function runRandom(seed: number, { databases, program }: Ground): Promise<CellResult> {
  const started = performance.now();
  const random = randomFrom(seed);
  const world = generateWorld({ seed, tenants: 3, pods: 24, hours });
  const expiry = random() < 0.5 ? '24h' : 'never';
  const database = { url: await databases.fresh() };
  const cell = await Cell.open({ program, world, database, expiry, sender: 'ours' });
  let kills = 0;
  try {
    let subject = await cell.start('prepare');
    while (cell.time.now() < world.end || kills < mostKills) {
      const nth = 1 + Math.floor(random() * pointsOfStep);
      const next = await stepOrDie(cell, subject, nth, pick(random));
      if (next !== undefined) {
        subject = next;
        kills += 1;
      }
      // Where a step has little left to do, few kills strike.
      if (cell.time.now() > world.end + hours * 3_600_000) break;
    }
    const verdict = await cell.finish(subject);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const what = `${kills} kills at random points, expiry=${expiry}`;
    return { id: `random/${seed}`, what, ...shown(verdict), states: cell.states, seconds };
  } finally {
    await cell.close();
  }
}

/** One step that is killed at the nth point it reaches; the process that goes on, or none when the step was done. */
async function stepOrDie(cell: Cell, subject: Subject, nth: number, recovery: Recovery): Promise<Subject | undefined> {
  cell.time.advance(stepMillis);
  const outcome = await subject.ask(cell.command({ point: '*', nth, signal: 'SIGKILL' }));
  if (outcome.kind === 'done') {
    cell.note(outcome.step);
    return undefined;
  }
  if (outcome.kind !== 'died') throw new SubjectFailed(`a step was not done: ${describe(outcome)}`);
  cell.pause(recovery);
  return await cell.start();
}

function pick(random: () => number): Recovery {
  return recoveries[Math.floor(random() * recoveries.length)] ?? 'soon';
}
