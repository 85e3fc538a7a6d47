import { createHash } from 'node:crypto';

import type { PriceBook, SKU, Tiers } from '../../api/index.ts';
import type { Store } from '../../store/index.ts';
import { formatDecimal } from '../money/decimal.ts';
import { unitPrice } from '../money/price.ts';
import { writeTiers } from '../rating/stored.ts';
import { writeFactors } from './factors.ts';

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
      .values({
        book,
        version,
        currency,
        effective_from: effectiveFromTime,
        object: priceBook.metadata.name,
        digest,
        ...writeFactors(priceBook.spec),
      })
      .onConflict((conflict) => conflict.columns(['book', 'version']).doNothing())
      .returning('object')
      .executeTakeFirst();
    if (inserted !== undefined) {
      await trx
        .insertInto('price_sku')
        .values(
          skus.map((sku) => ({
            book,
            version,
            name: sku.name,
            model: sku.match.model,
            profile: sku.match.profile ?? 'full',
            ...priceOf(sku, currency),
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

function priceOf({ perHour, tiers }: SKU, currency: string) {
  const steps = tiers?.steps ?? [];
  const first = perHour ?? steps[0]?.perHour ?? '0';
  const flat = { per_hour: first, unit_price: formatDecimal(unitPrice(first, currency)) };
  if (tiers === undefined) return flat;
  const priced = steps.map((step) => ({
    ...(step.upToSeconds !== undefined && { upTo: BigInt(step.upToSeconds) }),
    unitPrice: unitPrice(step.perHour, currency),
  }));
  return { ...flat, tiers: writeTiers({ mode: tiers.mode, tiers: priced }) };
}

/** SHA-256 over what a version says, independent of the order of its SKUs; what it leaves out is not in it. */
export function digestOf({ spec }: PriceBook): string {
  const skus = spec.skus
    .map(({ name, match, perHour, tiers }) => {
      const flat = [name, match.model, match.profile ?? 'full', perHour ?? ''];
      return tiers === undefined ? flat : [...flat, JSON.stringify(stepsOf(tiers))];
    })
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const { idle, energy } = writeFactors(spec);
  const factors = [...(idle === null ? [] : [{ idle }]), ...(energy === null ? [] : [{ energy }])];
  const text = JSON.stringify([spec.currency, new Date(spec.effectiveFromTime).toISOString(), skus, ...factors]);
  return createHash('sha256').update(text).digest('hex');
}

function stepsOf({ mode, steps }: Tiers): readonly unknown[] {
  return [mode, ...steps.map(({ upToSeconds, perHour }) => [upToSeconds ?? '', perHour])];
}
