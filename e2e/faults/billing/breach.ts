/** Breaks a process at a point and goes on as the recovery says. Each ends with the verdict over the whole world. */
import { setTimeout as delay } from 'node:timers/promises';

import { type Cell, type Recovery, stepMillis } from './cell.ts';
import { blockMigrations, tablesOf } from './database.ts';
import type { Verdict } from './judge.ts';
import type { Breach } from './points.ts';
import { describe, type Subject, SubjectFailed } from './process.ts';
import { type Halt, sendRoute } from './protocol.ts';

/** The point was never reached: the cell proves nothing. */
export class NotReached extends Error {
  override readonly name = 'NotReached';
  readonly code = 'NOT_REACHED';
}

const hourMillis = 3_600_000;
/** A window is sealed and sent in the step after this time of the world. */
export const workMillis = 3 * hourMillis;
const pollMillis = 10;
const patienceMillis = 120_000;

/** Runs a cell of the matrix but those that need another database. */
export async function runBreach(cell: Cell, breach: Breach, recovery: Recovery): Promise<Verdict> {
  const begin = cell.time.now();
  const first = await cell.start('prepare');
  const standby = recovery === 'replica' ? await cell.start() : undefined;
  await cell.runUntil(first, begin + workMillis);
  if (breach.kind === 'halt' && breach.halt.signal === 'SIGSTOP') {
    return await stopped(cell, first, breach.halt, recovery, standby);
  }
  if (breach.kind === 'no-answer') await killWithoutAnswer(cell, first);
  else if (breach.kind === 'decision') await killAtDecision(cell, first, breach.halt);
  else if (breach.kind === 'halt') await halted(cell, first, breach.halt, 'died');
  cell.pause(recovery);
  return await cell.finish(standby ?? (await cell.start()));
}

/** A step in which the process stops by itself. */
export async function halted(cell: Cell, subject: Subject, halt: Halt, expected: 'died' | 'stopped'): Promise<void> {
  cell.time.advance(stepMillis);
  const outcome = await subject.ask(cell.command(halt));
  if (outcome.kind === expected) return;
  if (outcome.kind === 'done') throw new NotReached(`${halt.point} was not reached`);
  throw new SubjectFailed(`expected ${expected} at ${halt.point}, found ${describe(outcome)}`);
}

/** The peer takes an event and never answers; the process is killed while it waits. */
async function killWithoutAnswer(cell: Cell, subject: Subject): Promise<void> {
  const before = (await cell.provider.truth()).events.length;
  await cell.provider.faults({ plan: [{ route: sendRoute(cell.sender), nth: 1, fault: 'timeout-after-accept' }] });
  cell.time.advance(stepMillis);
  subject.send(cell.command());
  const until = performance.now() + patienceMillis;
  while ((await cell.provider.truth()).events.length === before) {
    if (performance.now() > until) throw new NotReached('no event was sent');
    await delay(pollMillis);
  }
  await subject.kill();
}

/** A row is made unknown, 25 hours pass, and its second reading is the last thing that a process does. */
async function killAtDecision(cell: Cell, first: Subject, halt: Halt): Promise<void> {
  await halted(cell, first, halt, 'died');
  cell.pause('25h');
  const second = await cell.start();
  await cell.step(second);
  await halted(cell, second, { point: 'send:reading', nth: 1, signal: 'SIGKILL' }, 'died');
}

/** A process sleeps and wakes up: alone it goes on; where a replica took over, it may not commit any more. */
async function stopped(
  cell: Cell,
  first: Subject,
  halt: Halt,
  recovery: Recovery,
  standby: Subject | undefined,
): Promise<Verdict> {
  await halted(cell, first, halt, 'stopped');
  cell.pause(recovery);
  if (standby === undefined) {
    first.signal('SIGCONT');
    const woken = await first.outcome();
    if (woken.kind !== 'done') throw new SubjectFailed(`the process woke up and did not go on: ${describe(woken)}`);
    cell.note(woken.step);
    return await cell.finish(first);
  }
  await takeOver(cell, standby);
  first.signal('SIGCONT');
  const woken = await first.outcome();
  const next = woken.kind === 'failed' && woken.code !== 'StoreFenced' ? await first.ask(cell.command()) : woken;
  if (next.kind !== 'failed' || next.code !== 'StoreFenced') {
    throw new SubjectFailed(`a process that was succeeded must be refused, found ${describe(next)}`);
  }
  return await cell.finish(standby);
}

/** The replica's first step; while a sleeping process holds the epoch in a transaction, it is tried again. */
async function takeOver(cell: Cell, standby: Subject): Promise<void> {
  const until = performance.now() + patienceMillis;
  for (;;) {
    const outcome = await standby.ask(cell.command());
    if (outcome.kind === 'done') return cell.note(outcome.step);
    const isLocked = outcome.kind === 'failed' && outcome.code === '55P03';
    if (!isLocked || performance.now() > until) {
      throw new SubjectFailed(`the replica could not take over: ${describe(outcome)}`);
    }
  }
}

/** A migration is killed at its end, inside its transaction; nothing of it may be left, and the next start runs it. */
export async function runMigration(cell: Cell, url: string, recovery: Recovery): Promise<Verdict> {
  const block = await blockMigrations(url);
  const first = cell.launch();
  const standby = recovery === 'replica' ? cell.launch() : undefined;
  const until = performance.now() + patienceMillis;
  while (!(await block.reached())) {
    if (performance.now() > until) throw new NotReached('no migration began');
    await delay(pollMillis);
  }
  await first.kill();
  await block.free();
  if (standby === undefined) {
    const left = (await tablesOf(url)).filter((name) => name !== 'schema_migration');
    if (left.length > 0) throw new SubjectFailed(`a migration that was killed left the tables ${left.join(', ')}`);
  } else {
    await standby.ready();
    await standby.kill();
  }
  cell.pause(recovery);
  return await cell.finish(await cell.start('prepare'));
}

/** A second process opens the folder of an embedded database: refused while the first lives, let in when it is dead. */
export async function runSecondProcess(cell: Cell, recovery: Recovery): Promise<Verdict> {
  const begin = cell.time.now();
  const first = await cell.start('prepare');
  await cell.runUntil(first, begin + workMillis);
  cell.pause(recovery);
  const second = cell.launch();
  const refused = await second.outcome();
  if (refused.kind !== 'failed' || refused.code !== 'StoreLocked') {
    throw new SubjectFailed(`a second process must be refused, found ${describe(refused)}`);
  }
  if (recovery !== 'replica') return await cell.finish(first);
  await first.kill();
  return await cell.finish(await cell.start());
}
