/** Makes the products and prices of a provider that asks for it, and says when they are not what usage is rated by. */
import { type BillingProvider, kinds } from '../../api/index.ts';
import {
  type Context,
  type Controller,
  controller,
  type EventIntent,
  type Key,
  type KubeObject,
  type Reader,
} from '../../runtime/index.ts';
import { stated } from '../conditions.ts';
import type { ProviderCatalog } from '../sinks/catalog.ts';
import type { FoundPrice } from './compare.ts';
import { type CatalogPlan, decide, type Found } from './decide.ts';
import { named } from './named.ts';
import { type CatalogDeps, isReady, openCatalog, readsKey, standsOtherwise } from './open.ts';
import { agreementOf, pricedSkus, tenantsOf } from './read.ts';
import { type CatalogResult, condition } from './report.ts';
import { isSayable, type Unsayable, type WantedPrice, wantedPrices } from './wanted.ts';

/** Prices made in one pass at the most, so that a long list does not keep the provider's calls from usage. */
const mostMade = 20;
const soonMillis = 2000;
const closedMillis = 15_000;

/** The controller of catalogs. The rest of a BillingProvider's status is written by another. */
export function catalogController(deps: CatalogDeps): Controller {
  return controller(kinds.BillingProvider, 'billing-catalog')
    .withoutStatus()
    .when(standsOtherwise)
    .watches(kinds.PriceBook, everyProvider)
    .watches(kinds.BillingPlan, everyProvider)
    .watches(kinds.Tenant, everyProvider, {
      when: (now, before) =>
        now.metadata.generation !== before.metadata.generation ||
        now.status?.priceExperiment?.book !== before.status?.priceExperiment?.book,
    })
    .reads(kinds.PriceExperiment)
    .may(readsKey)
    .may({
      group: 'gpuoptimizer.io',
      resource: 'billingproviders/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'reports whether products and prices at the provider are what usage is rated by',
    })
    .debounce('1s')
    .every('10m')
    .reconcile(async (provider, ctx) => {
      const isKnown = provider.status?.conditions?.some(({ type }) => type === 'CatalogInStep') === true;
      if (provider.spec.catalog === undefined) {
        if (isKnown) await write(provider, [], ctx);
        return {};
      }
      const result = await keep(deps, provider, ctx);
      if (result.kind === 'closed' && isReady(provider)) return { after: soonMillis };
      await write(provider, [stated(provider, condition(result), ctx.now())], ctx);
      if (result.kind === 'closed') return { after: closedMillis };
      if (result.kind === 'failed') return { after: 4 * closedMillis };
      if (result.plan.drift.length > 0) ctx.event(driftEvent(provider, named(result.plan.drift, 1, '; ')));
      return result.left > 0 ? { after: result.plan.prices.length > 0 ? soonMillis : closedMillis } : {};
    });
}

/** Makes what is missing, as much as one pass may. */
async function keep(deps: CatalogDeps, provider: BillingProvider, ctx: Context): Promise<CatalogResult> {
  const catalog = await openCatalog(deps, provider, ctx);
  if (catalog === undefined) return { kind: 'closed' };
  const tenants = tenantsOf(provider.metadata.name, ctx);
  const agreements = tenants.map((tenant) => agreementOf(tenant, ctx)).filter((one) => one !== undefined);
  const books = [...new Set(agreements.map(({ book }) => book))];
  const skus = await pricedSkus(deps.store, books, ctx.now().getTime(), true, provider.spec.ingestion ?? 'Delta');
  const wanted = [...wantedPrices(agreements, skus).values()];
  try {
    const found = await look(catalog, wanted);
    const first = decide(wanted, found);
    const { made, strays } = await make(catalog, first);
    const plan =
      strays.size === 0 ? first : decide(wanted, { ...found, prices: new Map([...found.prices, ...strays]) });
    const left = plan.waiting.length + plan.prices.length - made;
    return { kind: 'done', plan, wanted: wanted.length, left };
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

async function look(catalog: ProviderCatalog, wanted: readonly (WantedPrice | Unsayable)[]): Promise<Found> {
  const sayable = wanted.filter(isSayable);
  if (sayable.length === 0) return { meters: new Map(), products: new Map(), prices: new Map() };
  return {
    meters: await catalog.meters(),
    products: await catalog.products([...new Set(sayable.map(({ product }) => product))]),
    prices: await catalog.prices(sayable.map(({ key }) => key)),
  };
}

/** How many prices it made, and those that are there and have lost their lookup keys: they are not made again. */
interface Making {
  readonly made: number;
  readonly strays: ReadonlyMap<string, FoundPrice>;
}

async function make(catalog: ProviderCatalog, { products, prices }: CatalogPlan): Promise<Making> {
  const now = prices.slice(0, mostMade);
  const needed = new Set(now.map(({ wanted }) => wanted.product));
  for (const id of products.filter((one) => needed.has(one))) await catalog.makeProduct(id, productName(id));
  const strays = new Map<string, FoundPrice>();
  for (const { wanted, meter } of now) {
    const stray = products.includes(wanted.product) ? undefined : await catalog.strayPrice(wanted);
    if (stray === undefined) await catalog.makePrice(wanted, meter);
    else strays.set(wanted.key, stray);
  }
  return { made: now.length - strays.size, strays };
}

/** What customers read on their invoices. */
function productName(id: string): string {
  return id.replace(/^gpuopt_/, 'GPU seconds ');
}

async function write(
  provider: BillingProvider,
  conditions: readonly ReturnType<typeof stated>[],
  ctx: Context,
): Promise<void> {
  await ctx.applyStatus(kinds.BillingProvider, { metadata: { name: provider.metadata.name }, status: { conditions } });
}

function driftEvent(provider: BillingProvider, note: string): EventIntent {
  return {
    ...{
      regarding: provider,
      kind: kinds.BillingProvider,
      type: 'Warning',
      reason: 'CatalogDrifted',
      action: 'Compare',
    },
    note: `At the provider, ${note}.`,
    dedupeKey: `${provider.metadata.uid}/CatalogDrifted/${note}`,
  };
}

/** New prices, plans and tenants ask for prices at the provider. */
function everyProvider(_changed: KubeObject, reader: Reader): readonly Key[] {
  return reader.list(kinds.BillingProvider).map(({ metadata }) => ({ name: metadata.name }));
}
