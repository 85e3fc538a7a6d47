import { type BillingProvider, kinds, type PriceBook, type Tenant } from '../../api/index.ts';
import { Secret } from '../../kube/index.ts';
import type { Clock } from '../../observability/index.ts';
import { type Thing, thing } from '../../runtime/testing/index.ts';
import type { Store } from '../../store/index.ts';
import type { CatalogDeps } from '../catalog/open.ts';
import { keepVersion } from '../price-book/repository.ts';
import { createSinks } from '../sinks/registry.ts';
import { stripeSink } from '../sinks/stripe/stripe-sink.ts';

const apiVersion = 'gpuoptimizer.io/v1alpha1';
const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => undefined };

/** A provider at `url` whose key was checked, with the meters of these SKUs. */
export async function openProvider(store: Store, url: string, skus: readonly string[]): Promise<CatalogDeps> {
  const sinks = createSinks(clock);
  const names = skus.map((sku) => `gpu_seconds__${sku}`);
  const sink = stripeSink({ key: 'sk_test_peer', endpoint: url });
  await sink.ensureMeters('acct_peer', names);
  sinks.set('stripe', sink, names, 1000);
  return { store, sinks, operatorNamespace: 'gpuopt-system' };
}

/** A BillingProvider `stripe` with its key. */
export function provider(
  url: string,
  change: Partial<BillingProvider['spec']> = {},
  key = 'sk_test_peer',
): readonly Thing[] {
  const spec: BillingProvider['spec'] = {
    ...{ type: 'Stripe', mode: 'Test', secretRef: { name: 'stripe', key: 'key' }, endpoint: url },
    ...{ catalog: { mode: 'Test' }, ...change },
  };
  const data = { key: Buffer.from(key).toString('base64') };
  return [
    thing(kinds.BillingProvider, { apiVersion, kind: 'BillingProvider', metadata: { name: 'stripe', uid: 'p' }, spec }),
    thing(Secret, { metadata: { name: 'stripe', namespace: 'gpuopt-system', uid: 's' }, data }),
  ];
}

/** A tenant that the provider charges and who names no customer. */
export function payer(name: string, change: Partial<Tenant> = {}): Thing {
  return thing(kinds.Tenant, {
    ...{ apiVersion, kind: 'Tenant', metadata: { name, uid: `uid-${name}`, generation: 1 } },
    spec: { selector: { namespaces: [name] }, billing: { providerRef: { name: 'stripe' }, book: 'standard' } },
    ...change,
  });
}

/** Keeps a version of the list `standard` in the store, of 3.60 an hour for each SKU where nothing else is said. */
export async function priced(store: Store, skus: PriceBook['spec']['skus'], version = 1): Promise<void> {
  const from = `2025-0${version}-01T00:00:00Z`;
  const spec = { book: 'standard', version, currency: 'usd', effectiveFromTime: from, skus };
  await keepVersion(store, { apiVersion, kind: 'PriceBook', metadata: { name: `standard-${version}` }, spec });
}

/** A SKU at a price an hour. */
export function skuAt(name: string, perHour = '3.60'): PriceBook['spec']['skus'][number] {
  return { name, match: { model: name }, perHour };
}
