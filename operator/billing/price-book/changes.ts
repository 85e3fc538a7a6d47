import type { Transaction } from 'kysely';

import type { Schema } from '../../store/index.ts';

/**
 * The moments strictly inside [start, end) at which a version of a price list comes into force, in milliseconds since
 * 1970: usage windows are cut there, so that each is rated by one version (R1).
 */
export async function priceChanges(
  trx: Transaction<Schema>,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<readonly number[]> {
  const rows = await trx
    .selectFrom('price_book')
    .select('effective_from')
    .distinct()
    .where('effective_from', '>', new Date(start))
    .where('effective_from', '<', new Date(end))
    .execute();
  return rows.map(({ effective_from }) => effective_from.getTime());
}
