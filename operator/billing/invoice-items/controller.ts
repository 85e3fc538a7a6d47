/** Puts plans' fees, commitments, late usage and what credit pays on the invoices of a provider that asks for them, each once. */
import { type BillingProvider, kinds } from '../../api/index.ts';
import {
  type ConditionIntent,
  type Context,
  type Controller,
  controller,
  type EventIntent,
} from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { type CatalogDeps, isReady, openCatalog, readsKey, standsOtherwise } from '../catalog/open.ts';
import { stated } from '../conditions.ts';
import { type CreditNotes, type FoundItem, type InvoiceItems, ItemFailed } from '../sinks/catalog.ts';
import { readCreditTotals } from './credit-totals.ts';
import { readCreditable } from './creditable.ts';
import { newItems } from './decide.ts';
import { keepPayers, type Payer } from './payers.ts';
import {
  freezeItems,
  hasLate,
  keepSent,
  readLateTotals,
  readTotals,
  readUnsent,
  toldSince,
  type UnsentItem,
} from './repository.ts';
import { sendItem } from './send.ts';

/** Items of one pass: each is up to three calls, and usage waits behind them. */
const mostSent = 50;
/** Of more that wait, so many are known, so that those that are refused again and again hold up no others. */
const mostKnown = 1000;
/** A pass ends after so many refusals: a provider that does not answer takes its time for each. */
const mostRefused = 3;
const soonMillis = 2000;
/** A draft is open for an hour, and the month is settled within half of it. */
const lookMillis = 60_000;

/** The controller of invoice items. The rest of a BillingProvider's status is written by others. */
export function invoiceItemsController(deps: CatalogDeps): Controller {
  const tries: Tries = { refused: new Map(), failed: new Map() };
  return controller(kinds.BillingProvider, 'billing-invoice-items')
    .withoutStatus()
    .when(standsOtherwise)
    .reads(kinds.Tenant)
    .may(readsKey)
    .may({
      group: 'gpuoptimizer.io',
      resource: 'billingproviders/status',
      verbs: ['patch'],
      in: 'cluster',
      why: 'reports whether fees and commitments are on the invoices of the provider',
    })
    .debounce('1s')
    .every('10m')
    .reconcile(async (provider, ctx) => {
      const isKnown = provider.status?.conditions?.some(({ type }) => type === 'FeesSent') === true;
      const { fees, credits } = provider.spec.catalog ?? {};
      const isAsked = fees === 'InvoiceItems' || credits === 'InvoiceItems';
      // What was set aside is billed, whatever is said by now.
      if (!isAsked && !(await hasLate(deps.store.db, provider.metadata.name))) {
        if (isKnown) await write(provider, [], ctx);
        return {};
      }
      const items = await openCatalog(deps, provider, ctx);
      if (items === undefined && isReady(provider)) return { after: soonMillis };
      const condition = items === undefined ? notOpen : await keep(deps, provider, items, tries, ctx);
      await write(provider, [stated(provider, condition, ctx.now())], ctx);
      return { after: lookMillis };
    });
}

const notOpen: ConditionIntent = {
  ...{ type: 'FeesSent', status: 'Unknown', reason: 'ProviderNotReady' },
  message: 'nothing is sent while the condition Ready is not True',
};

async function keep(
  { store }: CatalogDeps,
  provider: BillingProvider,
  items: InvoiceItems & CreditNotes,
  { refused, failed }: Tries,
  ctx: Context,
): Promise<ConditionIntent> {
  const { name } = provider.metadata;
  const payers = await store.fence.within((trx) => keepPayers(trx, provider, ctx));
  await freeze(store, provider, payers, ctx.now());
  const unsent = await readUnsent(store.db, name, mostKnown);
  // What was refused waits behind what was not.
  const inTurn = unsent.toSorted((a, b) => (refused.get(a.key) ?? 0) - (refused.get(b.key) ?? 0)).slice(0, mostSent);
  const failures: string[] = [];
  for (const item of inTurn) {
    if (failures.length >= mostRefused) break;
    try {
      const failures = failed.get(item.key) ?? 0;
      const creditable = await readCreditable(store.db, name, item);
      const { subscription } = payers.get(item.tenant) ?? {};
      const sent = await sendItem(items, item, { subscription, failures, creditable });
      await store.fence.within((trx) => keepSent(trx, item.key, sent, ctx.now()));
      refused.delete(item.key);
      failed.delete(item.key);
      const news = sent.note === true ? creditedEvent(provider, item, sent) : waitsEvent(provider, item, sent);
      if (news !== undefined) ctx.event(news);
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      refused.set(item.key, ctx.now().getTime());
      if (error instanceof ItemFailed) failed.set(item.key, (failed.get(item.key) ?? 0) + 1);
      failures.push(`${item.key}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const [failure] = failures;
  if (failure !== undefined) {
    const message = `the provider did not take ${failure}; it is tried again`;
    return { type: 'FeesSent', status: 'False', reason: 'FeesRefused', message };
  }
  const message = 'what settled months hold beside usage is at the provider, and so is late usage';
  return { type: 'FeesSent', status: 'True', reason: 'AllSent', message };
}

/** Freezes what is missing of what the provider asks for. */
async function freeze(
  store: Store,
  { metadata: { name }, spec: { catalog } }: BillingProvider,
  payers: ReadonlyMap<string, Payer>,
  now: Date,
): Promise<void> {
  const tenants = [...payers.keys()];
  await store.fence.within(async (trx) => {
    await freezeItems(trx, name, newItems(await readLateTotals(trx, name), payers));
    if (catalog?.fees === 'InvoiceItems') {
      const totals = await readTotals(trx, tenants, await toldSince(trx, 'items', name, now));
      await freezeItems(trx, name, newItems(totals, payers));
    }
    if (catalog?.credits === 'InvoiceItems') {
      const totals = await readCreditTotals(trx, tenants, await toldSince(trx, 'credits', name, now));
      await freezeItems(trx, name, newItems(totals, payers));
    }
  });
}

/** What this process remembers of items that were not taken, by key. */
interface Tries {
  /** When, milliseconds since 1970. */
  readonly refused: Map<string, number>;
  /** How often the provider said that it failed. */
  readonly failed: Map<string, number>;
}

async function write(
  provider: BillingProvider,
  conditions: readonly ReturnType<typeof stated>[],
  ctx: Context,
): Promise<void> {
  await ctx.applyStatus(kinds.BillingProvider, { metadata: { name: provider.metadata.name }, status: { conditions } });
}

function creditedEvent(
  provider: BillingProvider,
  { key, amount, currency }: UnsentItem,
  { item, invoice }: FoundItem,
): EventIntent {
  return {
    ...{ regarding: provider, kind: kinds.BillingProvider, action: 'Charge', type: 'Normal', reason: 'UsageCredited' },
    note: `What is given back of a month whose invoice is final, ${key}: ${-amount} ${currency} in minor units are credited on invoice ${invoice} by ${item}.`,
    dedupeKey: `${provider.metadata.uid}/UsageCredited/${key}`,
  };
}

/** Of what is on no invoice yet. */
function waitsEvent(
  provider: BillingProvider,
  { key, kind, customer, amount, currency }: UnsentItem,
  { invoice }: FoundItem,
): EventIntent | undefined {
  if (invoice !== undefined) return undefined;
  const about = { regarding: provider, kind: kinds.BillingProvider, action: 'Charge' } as const;
  if (kind === 'late') {
    return {
      ...{ ...about, type: 'Normal', reason: 'UsageLate' },
      note: `Usage of a month whose invoice is final, ${key}: ${amount} ${currency} in minor units wait for the next invoice of customer ${customer}.`,
      dedupeKey: `${provider.metadata.uid}/UsageLate/${key}`,
    };
  }
  return {
    ...{ ...about, type: 'Warning', reason: 'FeeLate' },
    note: `No draft of customer ${customer} bills the month of ${key} any more: ${amount} ${currency} in minor units will be on its next invoice.`,
    dedupeKey: `${provider.metadata.uid}/FeeLate/${key}`,
  };
}
