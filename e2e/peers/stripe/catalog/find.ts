import { missing } from '../http/refusal.ts';
import type { World } from '../world.ts';
import type { Customer } from './records.ts';

/** A customer that a parameter names; a deleted one is not there. */
export function customerOf(world: World, id: string, param = 'customer', status = 400): Customer {
  const customer = world.state.get('customer', id);
  if (customer === undefined || customer.deleted === true) throw missing('customer', id, param, status);
  return customer;
}
