import type { Transaction } from 'kysely';

import type { UsageCorrection } from '../../api/index.ts';
import { correct } from '../../metering/index.ts';
import type { Schema, Store } from '../../store/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { freezeDifference, keepDrift } from '../reconcile/write.ts';
import { type Asked, isLate, type Refusal, refusal } from './decide.ts';
import { type Found, type Place, readFacts, readPlace } from './read.ts';
import { type Applied, keep, readApplied } from './repository.ts';

/**
 * Applies a correction, once: its revision, charge, journal entry and outbox row are written in one fenced transaction
 * with the name under which they are. `now` in milliseconds since 1970.
 */
export async function applyCorrection(
  store: Store,
  { metadata: { name }, spec }: UsageCorrection,
  now: number,
): Promise<Applied | Refusal> {
  return await store.fence.within(async (trx) => {
    const known = await readApplied(trx, name, spec);
    if (known !== undefined) return known;
    const { approvedBy } = spec;
    if (approvedBy === undefined) {
      return { reason: 'AwaitingApproval', message: 'nobody approved the correction yet; set spec.approvedBy' };
    }
    const place = await readPlace(trx, spec);
    if ('reason' in place) return place;
    const asked: Asked = { quantity: BigInt(spec.quantitySeconds), held: spec.held };
    const found = await readFacts(trx, place);
    const refused = refusal(asked, found.facts, now);
    if (refused !== undefined) return refused;
    const window = asked.quantity === 0n ? null : await change(trx, place, asked);
    await settleHeld(trx, place, asked, found, { name, now });
    await keep(trx, name, { ...spec, approvedBy }, window, now);
    const applied = await readApplied(trx, name, spec);
    if (applied === undefined) throw new Error(`the correction ${name} was not kept`);
    return applied;
  });
}

/** States the revision and freezes what rests on it; what the provider has recorded already is not sent. */
async function change(trx: Transaction<Schema>, place: Place, { quantity, held }: Asked): Promise<bigint> {
  const sealed = await correct(trx, place, quantity);
  await freezeSealed(trx, [sealed]);
  if (held === 'Recorded') {
    await trx.updateTable('outbox').set({ state: 'CONFIRMED' }).where('usage_window_id', '=', sealed.id).execute();
  }
  return sealed.id;
}

/** Ends what is held in the window as the person said. */
async function settleHeld(
  trx: Transaction<Schema>,
  { tenant, hour }: Place,
  { held, quantity }: Asked,
  { facts, heldRows, windows }: Found,
  { name, now }: { readonly name: string; readonly now: number },
): Promise<void> {
  if (held === undefined) return;
  const ids = heldRows.map(({ id }) => id);
  if (ids.length > 0) {
    const anew = {
      state: 'PENDING',
      guard_from: null,
      read_value: null,
      read_at: null,
      next_attempt_at: null,
    } as const;
    const unsent = isLate({ held, quantity }, facts) ? ({ ...anew, state: 'LATE' } as const) : anew;
    const ended = held === 'Send' ? unsent : ({ state: 'CONFIRMED' } as const);
    await trx
      .updateTable('outbox')
      .set({ ...ended, last_error: `UsageCorrection ${name}: ${held}` })
      .where('id', 'in', ids)
      .execute();
  }
  const { theirs, acknowledged = 0n } = facts;
  if (theirs === undefined) return;
  if (held === 'Recorded') {
    const ours = acknowledged + (facts.heldRows ?? 0n) + quantity;
    await keepDrift(trx, hour, { tenant, ours, theirs, at: now }, 'CLEARED', `UsageCorrection ${name} took their sum`);
    return;
  }
  const difference = acknowledged - theirs;
  const sums = { tenant, ours: acknowledged, theirs, at: now };
  const state = difference === 0n ? 'CLEARED' : 'CORRECTED';
  const drift = await keepDrift(trx, hour, sums, state, `UsageCorrection ${name} sent ${difference}`);
  const [first] = windows;
  if (difference !== 0n && first !== undefined) await freezeDifference(trx, hour, first.window, difference, { drift });
}
