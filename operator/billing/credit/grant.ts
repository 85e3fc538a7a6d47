import type { CreditGrant } from '../../api/index.ts';
import type { Store } from '../../store/index.ts';
import { post } from '../journal/post.ts';
import { formatDecimal } from '../money/decimal.ts';
import { minorOf } from '../money/price.ts';
import { readLots, type StoredLot } from './read.ts';

/** The priority of a grant that names none. */
const defaultPriority = 50;

/**
 * Posts a grant once, under its name, and returns its lot as it stands; whether it says what the grant says is for the
 * caller to compare. `now` in milliseconds since 1970.
 */
export async function postGrant(store: Store, { metadata, spec }: CreditGrant, now: number): Promise<StoredLot> {
  const { name } = metadata;
  const { tenantRef, currency } = spec;
  const amount = minorOf(spec.amount, spec.currency);
  return await store.fence.within(async (trx) => {
    const fresh = await trx
      .insertInto('credit_lot')
      .values({
        ...{ name, tenant: tenantRef.name, currency, amount: formatDecimal(amount) },
        ...{ priority: spec.priority ?? defaultPriority, granted_at: new Date(now) },
        expires_at: spec.expiresTime === undefined ? null : new Date(spec.expiresTime),
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returning('name')
      .executeTakeFirst();
    if (fresh !== undefined) {
      await post(trx, [{ kind: 'grant', subject: name, tenant: tenantRef.name, currency, occurredAt: now, amount }]);
    }
    const [lot] = await readLots(trx, { name });
    if (lot === undefined) throw new Error(`the credit ${name} was not kept`);
    return lot;
  });
}

/** Whether a lot is what a grant says. */
export function isOf({ spec }: CreditGrant, lot: StoredLot): boolean {
  return (
    lot.tenant === spec.tenantRef.name &&
    lot.currency === spec.currency &&
    lot.amount === minorOf(spec.amount, spec.currency) &&
    lot.priority === (spec.priority ?? defaultPriority) &&
    lot.expiresAt === (spec.expiresTime === undefined ? undefined : Date.parse(spec.expiresTime))
  );
}
