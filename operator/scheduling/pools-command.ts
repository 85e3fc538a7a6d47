import type { Command } from 'commander';
import { registerDefrag } from './defragmentation/command.ts';
import type { PlanIo } from './live/command-io.ts';
import { registerPoolsMap } from './map/command.ts';

/** Adds `pools` and what it shows. */
export function registerPools(program: Command, io: PlanIo): void {
  const pools = program.command('pools').description('look at pools');
  registerPoolsMap(pools, io);
  registerDefrag(pools, io);
}
