import type { World } from '../world.ts';
import { finalize } from './finalize.ts';
import { attempt } from './payment.ts';

/** The draft's time is up. */
export function finalizeDue(world: World, id: string): void {
  if (world.state.get('invoice', id)?.status === 'draft') finalize(world, id);
}

/** The next payment attempt is due. */
export function payDue(world: World, id: string): void {
  const invoice = world.state.get('invoice', id);
  if (invoice?.status === 'open') attempt(world, invoice);
}
