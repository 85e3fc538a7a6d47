import { kinds, type Tenant } from '../../api/index.ts';
import type { Reader } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { eventNameOf, type Ingestion } from '../outbox/event-name.ts';
import { bookOf, planOf } from '../plan/agreed.ts';
import { inForce, readVersions } from '../price-book/factors.ts';
import { readPrice } from '../rating/stored.ts';
import type { Agreement, PricedSku } from './wanted.ts';

/** What a tenant pays by; undefined while his plan or list is not there. */
export function agreementOf(tenant: Tenant, reader: Reader): Agreement | undefined {
  const book = bookOf(tenant, reader);
  if (book === undefined) return undefined;
  const included = planOf(tenant, reader)?.spec.included ?? [];
  return { book, included: new Map(included.map(({ sku, quantitySeconds }) => [sku, BigInt(quantitySeconds)])) };
}

/** The tenants that a provider charges. */
export function tenantsOf(provider: string, reader: Reader): readonly Tenant[] {
  return reader
    .list(kinds.Tenant)
    .filter(
      ({ metadata, spec }) => metadata.deletionTimestamp === undefined && spec.billing?.providerRef.name === provider,
    );
}

/**
 * The SKUs of a moment (milliseconds since 1970) in the versions of these lists that rate usage now, with `announced` also
 * of those that will, as the ledger keeps them.
 */
export async function pricedSkus(
  store: Store,
  books: readonly string[],
  at: number,
  announced: boolean,
  ingestion: Ingestion,
): Promise<readonly PricedSku[]> {
  if (books.length === 0) return [];
  const versions = (await readVersions(store)).filter(({ book }) => books.includes(book));
  const current = new Map(inForce(versions, at).map(({ book, version }) => [book, version]));
  const chosen = versions.filter(({ book, version, from }) => {
    return version === current.get(book) || (announced && from > at && version > (current.get(book) ?? 0));
  });
  const rows = await store.db
    .selectFrom('price_sku')
    .select(['book', 'version', 'name', 'unit_price', 'tiers'])
    .where('book', 'in', books)
    .orderBy('book')
    .orderBy('version')
    .orderBy('name')
    .execute();
  return chosen.flatMap(({ book, version, currency }) =>
    rows
      .filter((row) => row.book === book && row.version === version)
      .map(({ name: sku, tiers, unit_price }) => {
        return {
          book,
          version,
          currency,
          sku,
          eventName: eventNameOf(sku, ingestion),
          price: readPrice(tiers, unit_price),
        };
      }),
  );
}
