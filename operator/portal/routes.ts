import type { Transaction } from 'kysely';
import { formatDecimal, parseDecimal, readIncluded, readItemLines, readPrice } from '../billing/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Schema, Store } from '../store/index.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { PaymentPages } from './pages.ts';
import { PortalProblem, type ProblemCode } from './problem.ts';
import {
  type Bucket,
  type PricedSku,
  readCharges,
  readInvoices,
  readLink,
  readPrices,
  readSealedThrough,
  readSubscriptions,
  readUsage,
  type Span,
} from './repository.ts';
import { cursor, type JsonSchema, moment, pageSize } from './schemas.ts';

/** What routes work with. */
export interface RouteDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly pages: PaymentPages;
}

/** A request whose parameters and body are of the route's form. */
export interface RouteCall {
  readonly tenant: string;
  readonly query: Readonly<Record<string, string | number>>;
  readonly body: Readonly<Record<string, string>>;
}

/** A path of the portal: what it takes, what it answers, and which right it asks for. */
export interface Route {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** Below `/v1/tenants/{tenant}`. */
  readonly path: string;
  readonly summary: string;
  /** What of the Tenant the caller must be allowed to `get` or `create`. */
  readonly right: { readonly verb: 'get' | 'create'; readonly subresource: 'usage' | 'billing' };
  readonly query: Readonly<Record<string, JsonSchema>>;
  /** Name of the body's schema. */
  readonly body?: string;
  /** Name of the answer's schema. */
  readonly answer: string;
  readonly problems: readonly ProblemCode[];
  handle(deps: RouteDeps, call: RouteCall): Promise<object>;
}

const reads = { verb: 'get', subresource: 'usage' } as const;
const pays = { verb: 'create', subresource: 'billing' } as const;
const times = { from: moment, to: moment };
const pages = { limit: pageSize, cursor };

/** Every path below `/v1/tenants/{tenant}`. The document, the checks of requests and the answers come from this table. */
export const routes: readonly Route[] = [
  {
    id: 'getUsage',
    method: 'GET',
    path: '/usage',
    summary: 'Sealed usage in GPU-seconds, by window, hour or day and meter',
    right: reads,
    query: { ...times, by: { enum: ['window', 'hour', 'day'], default: 'hour' }, ...pages },
    answer: 'Usage',
    problems: [],
    handle: async ({ store, clock }, { tenant, query }) => {
      const span = spanOf(query, clock);
      const by = bucketOf(query.by);
      const [page, sealed] = await asTenant(store, tenant, async (trx) => [
        await readUsage(trx, span, by, limitOf(query), decodeCursor(query.cursor)),
        await readSealedThrough(trx),
      ]);
      const items = page.items.map((row) => ({
        ...{ start: row.start.toISOString(), meter: row.meter, model: row.model, profile: row.profile },
        ...{ unit: 'GPU-seconds', quantity: row.quantity, estimated: row.estimated },
      }));
      const sealedThrough = sealed?.toISOString() ?? null;
      return { tenant, ...span, by, sealedThrough, items, nextCursor: encodeCursor(page.next) };
    },
  },
  {
    id: 'getCharges',
    method: 'GET',
    path: '/charges',
    summary: 'What sealed usage costs so far, by price, with fees and commitments: the preview of an invoice',
    right: reads,
    query: times,
    answer: 'Charges',
    problems: [],
    handle: async ({ store, clock }, { tenant, query }) => {
      const span = spanOf(query, clock);
      const [rows, items] = await asTenant(store, tenant, async (trx) => [
        await readCharges(trx, span),
        await itemsOf(trx, tenant, span, clock.now()),
      ]);
      const lines = rows.flatMap(({ sku, book, version, currency, unit_price, quantity, amount, tiered }) =>
        sku === null || book === null || version === null || currency === null || unit_price === null
          ? []
          : [{ sku, book, version, currency, unitPriceMinor: unit_price, tiered, quantity, amountMinor: amount }],
      );
      const unpriced = rows.filter(({ sku }) => sku === null).reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
      const totals = totalsOf([...lines, ...items]);
      return { tenant, ...span, lines, items, totals, unpricedQuantity: unpriced.toString() };
    },
  },
  {
    id: 'getInvoices',
    method: 'GET',
    path: '/invoices',
    summary: 'Invoices as the provider stated them last, newest first',
    right: reads,
    query: pages,
    answer: 'Invoices',
    problems: [],
    handle: async ({ store }, { tenant, query }) => {
      const page = await asTenant(store, tenant, (trx) =>
        readInvoices(trx, limitOf(query), decodeCursor(query.cursor)),
      );
      const items = page.items.map((row) => ({
        ...{ provider: row.provider, id: row.invoice, number: row.number, status: row.status, currency: row.currency },
        ...{ totalMinor: row.total, amountDueMinor: row.amount_due, amountPaidMinor: row.amount_paid },
        ...{ amountRemainingMinor: row.amount_remaining, periodStart: row.period_start.toISOString() },
        ...{ periodEnd: row.period_end.toISOString(), finalizesAt: row.finalizes_at?.toISOString() ?? null },
        readAt: row.read_at.toISOString(),
      }));
      return { tenant, items, nextCursor: encodeCursor(page.next) };
    },
  },
  {
    id: 'getPlan',
    method: 'GET',
    path: '/plan',
    summary: 'Who charges the tenant, the prices in force, what the plan includes of them, and the subscriptions',
    right: reads,
    query: {},
    answer: 'Plan',
    problems: [],
    handle: async ({ store, clock }, { tenant }) =>
      await asTenant(store, tenant, async (trx) => {
        const link = await readLink(trx);
        const list = link && (await readPrices(trx, link.book, new Date(clock.now())));
        const prices = (list?.skus ?? []).map((sku) => priceOf(sku, link?.included ?? null));
        const subscriptions = (await readSubscriptions(trx)).map((row) => ({
          ...{ id: row.subscription, status: row.status },
          ...{ periodStart: row.period_start?.toISOString() ?? null, periodEnd: row.period_end?.toISOString() ?? null },
        }));
        return {
          ...{ tenant, provider: link?.provider ?? null, book: link?.book ?? null, version: list?.version ?? null },
          ...{ currency: list?.currency ?? null, effectiveFrom: list?.effective_from.toISOString() ?? null },
          ...{ prices, subscriptions },
        };
      }),
  },
  {
    id: 'createCheckoutSession',
    method: 'POST',
    path: '/checkout-sessions',
    summary: 'A page of the provider on which the tenant leaves a way to pay',
    right: pays,
    query: {},
    body: 'CheckoutRequest',
    answer: 'Page',
    problems: ['NoCustomer', 'ProviderUnavailable'],
    handle: async (deps, { tenant, body }) => {
      const urls = { successUrl: body.successUrl ?? '', cancelUrl: body.cancelUrl ?? '' };
      return await pageOf(deps, tenant, (who) => deps.pages.checkout(who, urls));
    },
  },
  {
    id: 'createPortalSession',
    method: 'POST',
    path: '/portal-sessions',
    summary: 'A page of the provider with the tenant’s invoices and ways to pay',
    right: pays,
    query: {},
    body: 'PortalRequest',
    answer: 'Page',
    problems: ['NoCustomer', 'ProviderUnavailable'],
    handle: async (deps, { tenant, body }) =>
      await pageOf(deps, tenant, (who) => deps.pages.billingPortal(who, { returnUrl: body.returnUrl ?? '' })),
  },
];

function asTenant<T>(store: Store, tenant: string, work: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
  return store.readAs(tenant, work);
}

async function pageOf(
  { store }: RouteDeps,
  tenant: string,
  make: (who: Parameters<PaymentPages['checkout']>[0]) => Promise<string>,
): Promise<object> {
  const link = await asTenant(store, tenant, readLink);
  if (link === undefined) throw new PortalProblem('NoCustomer', `nobody charges tenant ${tenant}`);
  try {
    return { url: await make(link) };
  } catch (cause) {
    throw new PortalProblem('ProviderUnavailable', `the provider ${link.provider} did not make the page`, { cause });
  }
}

function priceOf(sku: PricedSku, included: string | null): object {
  const { mode, tiers } = readPrice(sku.tiers, sku.unit_price);
  return {
    ...{ sku: sku.name, model: sku.model, profile: sku.profile, perHour: sku.per_hour, unitPriceMinor: sku.unit_price },
    mode,
    tiers: tiers.map(({ upTo, unitPrice }) => ({
      upToSeconds: upTo?.toString() ?? null,
      unitPriceMinor: formatDecimal(unitPrice),
    })),
    includedSeconds: readIncluded(included, sku.name).toString(),
  };
}

/** Items of months that begin in the time, also of one that has not ended. */
async function itemsOf(trx: Transaction<Schema>, tenant: string, span: Span, now: number) {
  const last = new Date(Date.parse(span.to) - 1);
  const to = new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth() + 1, 1));
  const lines = await readItemLines(trx, tenant, { from: new Date(span.from), to }, now);
  return lines
    .filter(({ from }) => from >= span.from)
    .map(({ kind, plan = null, from, to: end, currency, exactMinor }) => {
      return { kind, plan, from, to: end, currency, amountMinor: exactMinor };
    });
}

function totalsOf(lines: readonly { readonly currency: string; readonly amountMinor: string }[]): readonly object[] {
  return [...Map.groupBy(lines, ({ currency }) => currency)].map(([currency, members]) => ({
    currency,
    amountMinor: formatDecimal(members.reduce((sum, { amountMinor }) => sum + parseDecimal(amountMinor), 0n)),
  }));
}

/** Without times, the calendar month up to now, in UTC. */
function spanOf(query: RouteCall['query'], clock: Clock): Span {
  const now = new Date(clock.now());
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const [from, to] = [timeOf('from', query.from, month), timeOf('to', query.to, now)];
  if (from > to) throw new PortalProblem('RequestInvalid', `query from ${from} is after to ${to}; times are half-open`);
  return { from, to };
}

function timeOf(name: string, text: string | number | undefined, otherwise: Date): string {
  const time = text === undefined ? otherwise : new Date(text);
  if (Number.isNaN(time.getTime())) throw new PortalProblem('RequestInvalid', `query ${name} "${text}" is no time`);
  return time.toISOString();
}

function bucketOf(by: string | number | undefined): Bucket {
  return by === 'window' || by === 'day' ? by : 'hour';
}

function limitOf(query: RouteCall['query']): number {
  return Number(query.limit ?? 100);
}
