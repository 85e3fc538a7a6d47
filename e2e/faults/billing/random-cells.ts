/** Worlds in which processes are killed at random points, again and again, also while they recover. */

import { randomFrom } from '../../peers/random.ts';
import { Cell, type Recovery, stepMillis } from './cell.ts';
import type { Ground } from './ground.ts';
import { type CellResult, shown } from './matrix.ts';
import { describe, type Subject, SubjectFailed } from './process.ts';
import { ownSenders } from './protocol.ts';
import { generateWorld } from './world.ts';

/** A kill beyond the last point that a step reaches does not strike. */
const pointsOfStep = 40;
const hours = 6;
const longShare = 0.1;
const senders = [...ownSenders];

/** Runs a world with random kills; the seed decides over all of it, also which sender it is. */
export async function runRandom(seed: number, { databases, program }: Ground): Promise<CellResult> {
  const started = performance.now();
  const random = randomFrom(seed);
  const world = generateWorld({ seed, tenants: 3, pods: 24, hours });
  const expiry = random() < 0.5 ? '24h' : 'never';
  const database = { url: await databases.fresh() };
  const sender = senders[seed % senders.length] ?? 'ours';
  const cell = await Cell.open({ program, world, database, expiry, sender });
  let kills = 0;
  try {
    let subject = await cell.start('prepare');
    while (cell.time.now() < world.end) {
      const nth = 1 + Math.floor(random() * pointsOfStep);
      const next = await stepOrDie(cell, subject, nth, pick(random));
      if (next !== undefined) {
        subject = next;
        kills += 1;
      }
    }
    const verdict = await cell.finish(subject);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const what = `${kills} kills at random points, expiry=${expiry}, sender ${sender}`;
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

/** Mostly short ones: after 25 hours little of the world is left to break. */
function pick(random: () => number): Recovery {
  if (random() < longShare) return '25h';
  return random() < 0.5 ? 'soon' : 'replica';
}
