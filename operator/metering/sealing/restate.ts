import type { Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { lockPasses } from '../repository.ts';
import { type SealedUsage, writeUsages } from './write.ts';

/**
 * States a window anew without changing what was used: a revision of nothing in the tenant's chain. What a provider has
 * to be told once more hangs on it, so that it has an identifier of its own while the window's sum stays that of the
 * intervals. Throws where there is no such window.
 */
export async function restate(trx: Transaction<Schema>, windowId: bigint): Promise<SealedUsage> {
  // The sealer counts revisions too.
  await lockPasses(trx);
  const { tenant, meter, model, profile, window_start, window_end } = await trx
    .selectFrom('usage_window')
    .selectAll()
    .where('id', '=', windowId)
    .executeTakeFirstOrThrow();
  const { last } = await trx
    .selectFrom('usage_window')
    .select(({ fn }) => fn.max('revision').as('last'))
    .where('tenant', '=', tenant)
    .where('meter', '=', meter)
    .where('window_start', '=', window_start)
    .executeTakeFirstOrThrow();
  const window = { start: window_start.getTime(), end: window_end.getTime() };
  const usage = { tenant, meter, model, profile, window, revision: last + 1, exactMs: 0n, estimated: false };
  const [stated] = await writeUsages(trx, [usage]);
  if (stated === undefined) throw new Error(`the window ${windowId} was not stated anew`);
  return stated;
}
