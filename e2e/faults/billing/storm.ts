/** Thousands of sends, of which the peer breaks a fifth at random, and kills in between. */

import { randomFrom } from '../../peers/random.ts';
import { Cell, stepMillis } from './cell.ts';
import type { Ground } from './ground.ts';
import { type CellResult, shown } from './matrix.ts';
import { type Subject, SubjectFailed } from './process.ts';
import { generateWorld } from './world.ts';

/** A storm's size and what it says on the way. */
export interface Storm {
  readonly seed: number;
  /** Rows to be sent, at least. */
  readonly sends: number;
  readonly say: (line: string) => void;
}

/** What came of it. */
export interface StormResult extends CellResult {
  /** Events that the peer took for the first time, calls that it saw, and those of them that it broke. */
  readonly events: number;
  readonly calls: number;
  readonly broken: number;
  readonly kills: number;
}

/** Faults of one call. Time-outs are missing: each takes the client's real 20 s; K5 has one. */
const faults = [
  'drop-before-accept',
  'accept-then-drop',
  '500-before-accept',
  '500-after-accept',
  '409',
  '429',
] as const;
const share = 0.2;
const hours = 24;
const skusOfTenant = 2;
const killShare = 0.3;
const pointsOfStep = 400;

/** Runs the storm: a day of many tenants, each fifth call broken, each tenth step killed. */
export async function runStorm({ seed, sends, say }: Storm, { databases, program }: Ground): Promise<StormResult> {
  const started = performance.now();
  const random = randomFrom(seed);
  const tenants = Math.ceil(sends / (hours * skusOfTenant));
  const world = generateWorld({ seed, tenants, pods: tenants * 4, hours });
  const database = { url: await databases.fresh() };
  const cell = await Cell.open({ program, world, database, expiry: '24h', sender: 'ours' });
  const route = 'POST /v1/billing/meter_events';
  let kills = 0;
  try {
    await cell.provider.faults({ random: { route, calls: 10 * sends, share, seed, faults } });
    let subject = await cell.start('prepare');
    while (cell.time.now() < world.end) {
      const next = await step(cell, subject, random);
      kills += next === subject ? 0 : 1;
      subject = next;
      const rows = Object.values(cell.states).reduce((sum, count) => sum + count, 0);
      if (cell.time.now() % 3_600_000 === 0) say(`storm: ${rows} rows, ${kills} kills`);
    }
    const verdict = await cell.finish(subject);
    const { attempts, events } = await cell.provider.truth();
    const outcomes = attempts.flatMap((one) => Object.entries(one.outcomes as Readonly<Record<string, number>>));
    const broken = outcomes.filter(([name]) => faults.some((fault) => name.includes(fault)));
    const total = (all: readonly (readonly [string, number])[]): number =>
      all.reduce((sum, [, count]) => sum + count, 0);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const what = `${100 * share} % random faults over ${events.length} events, ${kills} kills`;
    const counts = { events: events.length, calls: total(outcomes), broken: total(broken), kills };
    return { id: 'storm', what, ...shown(verdict), states: cell.states, seconds, ...counts };
  } finally {
    await cell.close();
  }
}

async function step(cell: Cell, subject: Subject, random: () => number): Promise<Subject> {
  cell.time.advance(stepMillis);
  const nth = 1 + Math.floor(random() * pointsOfStep);
  const halt = random() < killShare ? ({ point: '*', nth, signal: 'SIGKILL' } as const) : undefined;
  const outcome = await subject.ask(cell.command(halt));
  if (outcome.kind === 'done') {
    cell.note(outcome.step);
    return subject;
  }
  if (outcome.kind !== 'died') throw new SubjectFailed(`a step of the storm was not done: ${outcome.kind}`);
  cell.pause('soon');
  return await cell.start();
}
