/** Tells the provider of one frozen item, once however often it is tried. */
import { periodOf } from '../../metering/index.ts';
import type { CreditNotes, FoundItem, InvoiceItems, WantedItem } from '../sinks/catalog.ts';
import type { UnsentItem } from './repository.ts';

/** What is known beside the item itself. */
export interface SendFacts {
  /** The subscription whose draft bills the month; undefined where none is known. */
  readonly subscription: string | undefined;
  /** How often the provider answered that it failed to make it. */
  readonly failures: number;
  /** The final invoice off which a late item may be taken that gives back; undefined where the next invoice has it. */
  readonly creditable: string | undefined;
}

/** What was made before, by a process that did not hear of it, is not made again. */
export async function sendItem(
  provider: InvoiceItems & CreditNotes,
  item: UnsentItem,
  { subscription, failures, creditable }: SendFacts,
): Promise<FoundItem> {
  const { key, customer, amount, currency, monthEnd } = item;
  const period = { start: periodOf('Month', monthEnd - 1).start, end: monthEnd };
  const wanted = { key, customer, amount, currency, description: describe(item), period, failures };
  if (item.kind === 'late') return await sendLate(provider, wanted, creditable);
  const before = await provider.findItem(customer, key, monthEnd);
  if (before !== undefined) return before;
  const invoice = subscription && (await provider.draftInvoice(customer, subscription, monthEnd));
  return await provider.makeItem(wanted, invoice);
}

async function sendLate(
  provider: InvoiceItems & CreditNotes,
  wanted: WantedItem,
  creditable: string | undefined,
): Promise<FoundItem> {
  const { customer, key, amount, period } = wanted;
  // Either may have been made, whatever the plan says by now. An invoice may be final before the calendar month has ended.
  const noted = amount < 0n ? await provider.findNote(customer, key) : undefined;
  const before = noted ?? (await provider.findItem(customer, key, period.start));
  if (before !== undefined) return before;
  const note = creditable && (await provider.makeNote(wanted, creditable));
  return note || (await provider.makeItem(wanted));
}

const words: Readonly<Record<string, string>> = {
  fee: 'Plan fee',
  minimum: 'Commitment, up to the minimum',
  maximum: 'Commitment, above the maximum',
  late: 'Late usage',
  credit: 'Paid by credit',
};

function describe({ kind, monthEnd }: UnsentItem): string {
  return `${words[kind] ?? kind}, ${new Date(monthEnd - 1).toISOString().slice(0, 7)}`;
}
