/** What a sink can do; the guard rules of the outbox follow from it. */
export interface SinkCapabilities {
  /** How long an identifier is sure to be remembered, in seconds. */
  readonly dedupeSeconds: number;
  /** How old usage may be, in seconds. */
  readonly backdateSeconds: number;
}

/** Usage as it was frozen: the same bytes in every attempt. */
export interface FrozenUsage {
  readonly identifier: string;
  readonly eventName: string;
  readonly customer: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly quantity: bigint;
}

/** What became of one attempt. */
export type Delivery =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string }
  | { readonly kind: 'refused'; readonly reason: 'auth' | 'permission'; readonly message: string }
  | { readonly kind: 'unknown'; readonly reason: string; readonly retryAfterMillis?: number };

/** A call that takes several rows and answers for all of them at once. */
export interface BatchDelivery {
  /** How many rows a call takes. */
  readonly mostRows: number;
  /**
   * One attempt, as `deliver`. `accepted` says that the rows were taken, before any was looked at; `rejected` and
   * `duplicate` that none was taken, for the sake of one of them.
   */
  deliver(rows: readonly FrozenUsage[], signal: AbortSignal): Promise<Delivery>;
}

/** A time of which nothing more is billed; unix seconds, half-open. */
export interface ClosedPeriod {
  readonly start: number;
  readonly end: number;
  /** When its invoice became final, so that what was sent later is not on it; 0 where nothing ever billed it. */
  readonly closedAt: number;
}

/** Where usage goes. */
export interface UsageSink {
  readonly capabilities: SinkCapabilities;
  /** Set where rows go together: then `deliver` is not asked. */
  readonly batch?: BatchDelivery;
  /** One attempt, no retries inside; never throws for an answer of the provider. */
  deliver(row: FrozenUsage, signal: AbortSignal): Promise<Delivery>;
  /** The sum that the provider has recorded for one UTC hour (unix seconds of its start); throws when it does not answer. */
  recorded(eventName: string, customer: string, hour: number): Promise<bigint>;
  /**
   * The sums recorded in [from, to) by the start of their UTC hour or day, all in unix seconds, zeros left out: one call
   * for a pair however long the time. Absent where a provider has no sums; throws when it does not answer.
   */
  recordedSums?(
    eventName: string,
    customer: string,
    from: number,
    to: number,
    grain: 'hour' | 'day',
  ): Promise<ReadonlyMap<number, bigint>>;
  /**
   * The closed periods of a customer that end after `from` (unix seconds). Absent where
   * a provider has no invoices; throws when it does not answer.
   */
  closedPeriods?(customer: string, from: number): Promise<readonly ClosedPeriod[]>;
}
