import { halted, workMillis } from './breach.ts';
import type { Cell, Recovery } from './cell.ts';
import { copyDatabase, putBack } from './database.ts';
import type { Verdict } from './judge.ts';
import type { Halt } from './protocol.ts';

/**
 * The database is copied where a process was killed. Another process seals and sends, and is killed too; then the copy is
 * put back by the database's own tools, which tell the operator nothing. With a replica, one runs all the time.
 */
export async function runRestore(cell: Cell, url: string, halt: Halt, recovery: Recovery): Promise<Verdict> {
  const begin = cell.time.now();
  const first = await cell.start('prepare');
  await cell.runUntil(first, begin + workMillis);
  await halted(cell, first, halt, 'died');
  const copy = await copyDatabase(url);
  const second = await cell.start();
  // At the same moment: nothing but what is sealed and sent is newer than the copy.
  cell.note(await second.step(cell.command()));
  const standby = recovery === 'replica' ? await cell.start() : undefined;
  await second.kill();
  cell.pause(recovery);
  await putBack(url, copy);
  return await cell.finish(standby ?? (await cell.start()));
}
