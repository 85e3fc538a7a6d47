import type { Store } from '../../store/index.ts';
import { eventNameOf, type Ingestion, readIngestion } from '../outbox/event-name.ts';

/**
 * Remembers the account of a provider's key. Returns the account for which usage was frozen before when it is another
 * one: identifiers hold the account, so its rows must not go elsewhere.
 */
export async function keepAccount(
  store: Store,
  provider: string,
  mode: 'test' | 'live',
  account: string,
  ingestion: Ingestion,
): Promise<string | undefined> {
  return await store.fence.within(async (trx) => {
    const known = await trx
      .selectFrom('billing_account')
      .selectAll()
      .where('provider', '=', provider)
      .executeTakeFirst();
    if (known?.account === account && known.mode === mode && known.ingestion === ingestion) return undefined;
    const frozen = await trx
      .selectFrom('outbox')
      .select('id')
      .where('provider', '=', provider)
      .limit(1)
      .executeTakeFirst();
    if (known !== undefined && frozen !== undefined) {
      return `${known.account} in ${known.mode} mode by ${known.ingestion}`;
    }
    await trx
      .insertInto('billing_account')
      .values({ provider, mode, account, ingestion })
      .onConflict((conflict) => conflict.column('provider').doUpdateSet({ mode, account, ingestion }))
      .execute();
    return undefined;
  });
}

/**
 * Names of the usage events by which the provider's tenants are charged, of those that still wait to be sent, and of the
 * price lists `books`, whose tenants the provider does not know yet.
 */
export async function meterNames(store: Store, provider: string, books: readonly string[]): Promise<readonly string[]> {
  const priced = await store.db
    .selectFrom('price_sku as s')
    .innerJoin('customer_link as l', 'l.book', 's.book')
    .select('s.name')
    .distinct()
    .where('l.provider', '=', provider)
    .execute();
  const waiting = await store.db
    .selectFrom('outbox')
    .select('event_name')
    .distinct()
    .where('provider', '=', provider)
    .where('state', 'in', ['PENDING', 'SENDING', 'UNKNOWN'])
    .execute();
  const listed =
    books.length === 0
      ? []
      : await store.db.selectFrom('price_sku').select('name').distinct().where('book', 'in', books).execute();
  const account = await store.db
    .selectFrom('billing_account')
    .select('ingestion')
    .where('provider', '=', provider)
    .executeTakeFirst();
  const ingestion = readIngestion(account?.ingestion ?? null);
  const skus = [...priced, ...listed].map(({ name }) => eventNameOf(name, ingestion));
  const names = [...skus, ...waiting.map(({ event_name }) => event_name)];
  return [...new Set(names)].toSorted();
}
