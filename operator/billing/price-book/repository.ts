import { createHash } from 'node:crypto';

import type { PriceBook } from '../../api/index.ts';
import type { Store } from '../../store/index.ts';
import { formatDecimal } from '../money/decimal.ts';
import { unitPrice } from '../money/price.ts';

/** Stores a version of a list unless it is there; returns the object that stated it first, and whether both say the same. */
export async function keepVersion(
  store: Store,
  priceBook: PriceBook,
): Promise<{ readonly object: string; readonly same: boolean }> {
  const { book, version, currency, effectiveFromTime, skus } = priceBook.spec;
  const digest = digestOf(priceBook);
  return await store.fence.within(async (trx) => {
    const inserted = await trx
      .insertInto('price_book')
      .values({ book, version, currency, effective_from: effectiveFromTime, object: priceBook.metadata.name, digest })
      .onConflict((conflict) => conflict.columns(['book', 'version']).doNothing())
      .returning('object')
      .executeTakeFirst();
    if (inserted !== undefined) {
      await trx
        .insertInto('price_sku')
        .values(
          skus.map(({ name, match, perHour }) => ({
            book,
            version,
            name,
            model: match.model,
            profile: match.profile ?? 'full',
            per_hour: perHour,
            unit_price: formatDecimal(unitPrice(perHour, currency)),
          })),
        )
        .execute();
      return { object: inserted.object, same: true };
    }
    const kept = await trx
      .selectFrom('price_book')
      .select(['object', 'digest'])
      .where('book', '=', book)
      .where('version', '=', version)
      .executeTakeFirstOrThrow();
    return { object: kept.object, same: kept.digest === digest };
  });
}

/** SHA-256 over what a version says, independent of the order of its SKUs. */
export function digestOf({ spec }: PriceBook): string {
  const skus = spec.skus
    .map(({ name, match, perHour }) => [name, match.model, match.profile ?? 'full', perHour])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const text = JSON.stringify([spec.currency, new Date(spec.effectiveFromTime).toISOString(), skus]);
  return createHash('sha256').update(text).digest('hex');
}
