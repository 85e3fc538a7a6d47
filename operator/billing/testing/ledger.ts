import type { SealedUsage } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { formatDecimal } from '../money/decimal.ts';
import { unitPrice } from '../money/price.ts';

/** Prices one SKU of the list `standard` in the store: version 1 from 2025, others as given. */
export async function seedPrices(
  store: Store,
  versions: readonly { readonly version: number; readonly from: string; readonly perHour: string }[],
): Promise<void> {
  for (const { version, from, perHour } of versions) {
    const book = 'standard';
    const stated = { book, version, currency: 'usd', effective_from: from, object: `standard-${version}`, digest: '' };
    await store.db.insertInto('price_book').values(stated).execute();
    const unit_price = formatDecimal(unitPrice(perHour, 'usd'));
    const sku = { name: 'l4', model: 'NVIDIA-L4', profile: 'full', per_hour: perHour, unit_price };
    await store.db
      .insertInto('price_sku')
      .values({ book, version, ...sku })
      .execute();
  }
}

/** Names who charges the tenant acme. */
export async function seedPayer(store: Store): Promise<void> {
  await store.db
    .insertInto('customer_link')
    .values({ tenant: 'acme', provider: 'stripe', customer: 'cus_acme', book: 'standard' })
    .execute();
  await store.db
    .insertInto('billing_account')
    .values({ provider: 'stripe', mode: 'test', account: 'acct_1' })
    .execute();
}

/** States a sealed window of an hour that begins at `start`. */
export async function sealWindow(
  store: Store,
  start: string,
  quantity: bigint,
  change: { readonly revision?: number; readonly tenant?: string; readonly model?: string } = {},
): Promise<SealedUsage> {
  const { revision = 1, tenant = 'acme', model = 'NVIDIA-L4' } = change;
  const window = { start: Date.parse(start), end: Date.parse(start) + 3_600_000 };
  const key = { tenant, model, profile: 'full', meter: `gpu_seconds__${model.toLowerCase()}__full` };
  const exactMs = quantity * 1000n;
  const { id } = await store.db
    .insertInto('usage_window')
    .values({
      ...key,
      window_start: new Date(window.start),
      window_end: new Date(window.end),
      revision,
      exact_ms: exactMs,
      carry_ms: 0n,
      quantity,
      estimated: false,
      prev_hash: '',
      hash: '',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { ...key, id, window, revision, exactMs, estimated: false, quantity };
}
