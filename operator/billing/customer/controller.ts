/** Makes a customer and a subscription for each tenant that names none, and says when they are not what rates his usage. */
import { kinds, type Tenant, type TenantStatus } from '../../api/index.ts';
import {
  type ConditionIntent,
  type Context,
  type Controller,
  controller,
  type EventIntent,
  type Key,
  type Reader,
} from '../../runtime/index.ts';
import { type CatalogDeps, isReady, openCatalog, readsKey, standsOtherwise } from '../catalog/open.ts';
import { agreementOf, pricedSkus } from '../catalog/read.ts';
import { wantedPrices } from '../catalog/wanted.ts';
import { stated } from '../conditions.ts';
import type { Ingestion } from '../outbox/event-name.ts';
import type { ProviderCatalog, Subject } from '../sinks/catalog.ts';
import { drifts, type Finding, pricesOf, subscriptionOff } from './decide.ts';

/** What was made for a tenant. */
interface Made {
  readonly customerId: string;
  readonly subscriptionId: string;
}

/** What a pass came to: a finding beside what was made is drift. */
interface Result {
  readonly made?: Made;
  readonly finding?: Finding;
  /** Nothing can be said yet: the process has just begun. */
  readonly early?: true;
}

/** How soon what is not there yet is looked for again, and what somebody changed. */
const soonMillis = 2000;
const waitMillis = 15_000;
const driftMillis = 300_000;

/** The controller of customers. The rest of a Tenant's status is written by others. */
export function customersController(deps: CatalogDeps): Controller {
  return controller(kinds.Tenant, 'billing-customers')
    .withoutStatus()
    .watches(kinds.BillingProvider, tenantsWithout, { when: standsOtherwise })
    .reads(kinds.BillingPlan)
    .reads(kinds.PriceExperiment)
    .may(readsKey)
    .may({
      group: 'gpuoptimizer.io',
      resource: 'tenants/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'reports the customer and the subscription that were made for a tenant',
    })
    .debounce('1s')
    .every('1h')
    .reconcile(async (tenant, ctx) => {
      const { billing } = tenant.spec;
      // What was made for him stays: what he used is still to be charged.
      if (tenant.metadata.deletionTimestamp !== undefined) return {};
      const isKnown = tenant.status?.conditions?.some(({ type }) => type === 'CustomerReady') === true;
      if (billing === undefined || billing.customerId !== undefined) {
        if (isKnown)
          await ctx.applyStatus(kinds.Tenant, { metadata: { name: tenant.metadata.name }, status: { conditions: [] } });
        return {};
      }
      const { made = madeBefore(tenant), finding, early } = await keep(deps, tenant, billing.providerRef.name, ctx);
      if (early === true) return { after: soonMillis };
      const status: TenantStatus = { ...made, conditions: [stated(tenant, condition(made, finding), ctx.now())] };
      await ctx.applyStatus(kinds.Tenant, { metadata: { name: tenant.metadata.name }, status });
      if (finding === undefined) return {};
      if (!drifts.includes(finding.reason)) return { after: waitMillis };
      ctx.event(driftEvent(tenant, finding));
      return { after: driftMillis };
    });
}

async function keep(deps: CatalogDeps, tenant: Tenant, providerName: string, ctx: Context): Promise<Result> {
  const provider = ctx.get(kinds.BillingProvider, { name: providerName });
  if (provider !== undefined && provider.spec.catalog === undefined) {
    const message = `the tenant names no customer, and BillingProvider ${providerName} makes none; set spec.billing.customerId, or spec.catalog of the BillingProvider`;
    return { finding: { reason: 'CatalogNotSet', message } };
  }
  const catalog = provider && (await openCatalog(deps, provider, ctx));
  if (catalog === undefined && provider !== undefined && isReady(provider)) return { early: true };
  if (catalog === undefined) {
    const message = `BillingProvider ${providerName} is missing or not Ready`;
    return { finding: { reason: 'ProviderNotReady', message } };
  }
  try {
    return await make(deps, tenant, catalog, ctx, provider?.spec.ingestion ?? 'Delta');
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    return { finding: { reason: 'CustomerRefused', message: error instanceof Error ? error.message : String(error) } };
  }
}

/** Prices first: a customer is known to others once there is a subscription that charges it. */
async function make(
  deps: CatalogDeps,
  tenant: Tenant,
  catalog: ProviderCatalog,
  ctx: Context,
  ingestion: Ingestion,
): Promise<Result> {
  const agreement = agreementOf(tenant, ctx);
  const books = agreement === undefined ? [] : [agreement.book];
  const skus = await pricedSkus(deps.store, books, ctx.now().getTime(), false, ingestion);
  const wanted = agreement === undefined ? [] : [...wantedPrices([agreement], skus).values()];
  const found = await catalog.prices(wanted.map(({ key }) => key));
  const prices = pricesOf(wanted, found, await catalog.meters());
  if ('reason' in prices) return { finding: prices };
  const who: Subject = { uid: tenant.metadata.uid ?? '', name: tenant.metadata.name };
  const customer = await customerOf(tenant, who, catalog);
  if (typeof customer !== 'string') return { finding: customer };
  const before = await catalog.findSubscription(customer, who);
  const subscription = before ?? (await catalog.makeSubscription(customer, who, prices));
  const made = { customerId: customer, subscriptionId: subscription.id };
  return { made, finding: subscriptionOff(subscription, prices) };
}

/** A customer that was deleted is not made again: somebody meant it. */
async function customerOf(tenant: Tenant, who: Subject, catalog: ProviderCatalog): Promise<string | Finding> {
  const known = tenant.status?.customerId;
  const state = known === undefined ? undefined : await catalog.customer(known);
  if (known !== undefined && state === 'there') return known;
  if (state === 'gone') {
    const message = `customer ${known} was deleted at the provider; name another in spec.billing.customerId`;
    return { reason: 'CustomerDeleted', message };
  }
  return (await catalog.findCustomer(who)) ?? (await catalog.makeCustomer(who));
}

/** What stays said while the provider cannot be asked: usage goes on to the customer that was made. */
function madeBefore({ status }: Tenant): Made | undefined {
  const { customerId, subscriptionId } = status ?? {};
  return customerId === undefined || subscriptionId === undefined ? undefined : { customerId, subscriptionId };
}

function condition(made: Made | undefined, finding: Finding | undefined): ConditionIntent {
  const type = 'CustomerReady';
  if (finding !== undefined) return { type, status: 'False', ...finding };
  const message = `customer ${made?.customerId} is subscribed to the prices that rate the tenant's usage`;
  return { type, status: 'True', reason: 'Subscribed', message };
}

function driftEvent(tenant: Tenant, { reason, message }: Finding): EventIntent {
  return {
    ...{ regarding: tenant, kind: kinds.Tenant, type: 'Warning', reason: 'CustomerDrifted', action: 'Compare' },
    note: `${message}.`,
    dedupeKey: `${tenant.metadata.uid}/CustomerDrifted/${reason}`,
  };
}

function tenantsWithout(
  { metadata }: { readonly metadata: { readonly name?: string } },
  reader: Reader,
): readonly Key[] {
  return reader
    .list(kinds.Tenant)
    .filter(({ spec }) => spec.billing?.providerRef.name === metadata.name && spec.billing?.customerId === undefined)
    .map((tenant) => ({ name: tenant.metadata.name }));
}
