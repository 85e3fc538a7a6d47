import type { Store } from '../../../../operator/store/index.ts';
import type { Payer, Sku } from '../protocol.ts';

const provider = 'stripe';
const book = 'standard';

/** States prices, payers and the account, as the controllers of price books, tenants and providers would. */
export async function prepare(
  store: Store,
  account: { readonly account: string; readonly ingestion: 'Delta' | 'HourlySnapshot' },
  payers: readonly Payer[],
  skus: readonly Sku[],
): Promise<void> {
  const version = { book, version: 1, currency: 'usd', effective_from: '2025-01-01T00:00:00Z' };
  await store.fence.within(async (trx) => {
    await trx
      .insertInto('price_book')
      .values({ ...version, object: 'standard-1', digest: '' })
      .execute();
    const prices = skus.map(({ name, model }) => ({ name, model, profile: 'full' }));
    await trx
      .insertInto('price_sku')
      .values(prices.map((sku) => ({ ...sku, book, version: 1, per_hour: '2.50', unit_price: '0.069444444444' })))
      .execute();
    await trx
      .insertInto('billing_account')
      .values({ provider, mode: 'test', ...account })
      .execute();
    await trx
      .insertInto('customer_link')
      .values(payers.map((payer) => ({ ...payer, provider, book })))
      .execute();
  });
}
