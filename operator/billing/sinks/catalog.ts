import type { FoundPrice, FoundProduct } from '../catalog/compare.ts';
import type { WantedPrice } from '../catalog/wanted.ts';

/** A meter as the provider states it. */
export interface FoundMeter {
  readonly id: string;
  readonly active: boolean;
}

/** A subscription as the provider states it. */
export interface FoundSubscription {
  readonly id: string;
  readonly ended: boolean;
  /** Ids of the prices of its items. */
  readonly prices: readonly string[];
}

/** A tenant as the provider is told of it; `uid` is that of the object, so that a namesake is somebody else. */
export interface Subject {
  readonly uid: string;
  readonly name: string;
}

/** An invoice item of a month. */
export interface WantedItem {
  /** Names it at the provider. */
  readonly key: string;
  readonly customer: string;
  /** Whole minor units; negative where something is given back. */
  readonly amount: bigint;
  readonly currency: string;
  /** What the customer reads. */
  readonly description: string;
  /** The month, milliseconds since 1970. */
  readonly period: { readonly start: number; readonly end: number };
  /** How often the provider answered that it failed to make it. */
  readonly failures?: number;
}

/**
 * The provider answered that it failed: under the same key it would answer so again, so the next try needs another.
 * @remedy wait: it is tried again under another key; where it goes on, look at the provider's status
 */
export class ItemFailed extends Error {
  override readonly name = 'ItemFailed';
  readonly code = 'ITEM_FAILED';
}

/** An invoice item as the provider states it; without an invoice it waits for the customer's next. */
export interface FoundItem {
  readonly item: string;
  /** Whole minor units. */
  readonly amount: bigint;
  readonly invoice?: string;
  /** Whether it is a credit note on that invoice. */
  readonly note?: true;
}

/** What of an account's invoices is no usage. All of it throws when the provider refuses or does not answer. */
export interface InvoiceItems {
  /** The draft that bills the period of a subscription which ends then; undefined where it is final or was never made. */
  draftInvoice(customer: string, subscription: string, periodEnd: number): Promise<string | undefined>;
  /** The item that was made under a key, none before `after`; a call for each hundred. */
  findItem(customer: string, key: string, after: number): Promise<FoundItem | undefined>;
  /**
   * Puts an item on a draft, or without one on the next invoice. Answers the same again for 24 hours; then ask `findItem`.
   * Throws ItemFailed where the provider says that it failed: then ask `findItem` too, and count it in `failures`.
   */
  makeItem(item: WantedItem, invoice?: string): Promise<FoundItem>;
}

/** Credit notes on final invoices. All of it throws when the provider refuses or does not answer. */
export interface CreditNotes {
  /** The note that was made under a key; a call for each hundred of the customer. */
  findNote(customer: string, key: string): Promise<FoundItem | undefined>;
  /**
   * Takes what a negative item gives back off an invoice; undefined where that has not so much left. Answers as `makeItem`
   * does, and throws like it.
   */
  makeNote(item: WantedItem, invoice: string): Promise<FoundItem | undefined>;
}

/**
 * What a provider sells and to whom. Each method is one call or, where it says so, one for each of the given; all of them
 * throw when the provider refuses or does not answer. What is made has a derived name or key: made again, it is the same, or
 * the provider refuses the second.
 */
export interface ProviderCatalog extends InvoiceItems, CreditNotes {
  /** Meters by event name; the active one where there are several. A call for each hundred of the account. */
  meters(): Promise<ReadonlyMap<string, FoundMeter>>;
  /** Products by id, a call for each hundred. */
  products(ids: readonly string[]): Promise<ReadonlyMap<string, FoundProduct>>;
  /** Prices by lookup key, archived ones too; a call for each ten. */
  prices(keys: readonly string[]): Promise<ReadonlyMap<string, FoundPrice>>;
  /** A price that was made for this key and has it no more. */
  strayPrice(wanted: WantedPrice): Promise<FoundPrice | undefined>;
  makeProduct(id: string, name: string): Promise<FoundProduct>;
  makePrice(wanted: WantedPrice, meter: string): Promise<FoundPrice>;
  /** `gone` where it was deleted; undefined where the account never had it. */
  customer(id: string): Promise<'there' | 'gone' | undefined>;
  /** The customer that was made for a tenant; one that was made within the last minutes may be missing. */
  findCustomer(who: Subject): Promise<string | undefined>;
  /** Answers the same customer again for 24 hours; after them `findCustomer` knows it. */
  makeCustomer(who: Subject): Promise<string>;
  /** The subscription that was made for a tenant, one that has ended too. */
  findSubscription(customer: string, who: Subject): Promise<FoundSubscription | undefined>;
  /** Billed each month from its first moment, UTC. */
  makeSubscription(customer: string, who: Subject, prices: readonly string[]): Promise<FoundSubscription>;
}
