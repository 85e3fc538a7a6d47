/** What a provider says has happened: only which object to look at, never what to believe of it. */
export interface Notice {
  /** The event's id: the same however often it is sent. */
  readonly event: string;
  readonly type: string;
  /** When it happened, milliseconds since 1970, by the provider's clock. */
  readonly createdAt: number;
  /** Undefined where the provider does not say. */
  readonly object: ObjectRef | undefined;
  readonly mode: 'test' | 'live';
}

/** An object of a provider. */
export interface ObjectRef {
  readonly type: string;
  readonly id: string;
}

/** A payload whose signature was checked. */
export type Opened =
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'refused'; readonly reason: string };

/** An invoice; amounts in minor units, times in milliseconds since 1970. */
export interface InvoiceReading {
  readonly kind: 'invoice';
  readonly id: string;
  readonly customer: string;
  readonly subscription: string | null;
  readonly number: string | null;
  readonly status: string;
  readonly currency: string;
  readonly total: bigint;
  readonly amountDue: bigint;
  readonly amountPaid: bigint;
  readonly amountRemaining: bigint;
  /** What credit notes took off the total. */
  readonly credited?: bigint;
  readonly period: { readonly start: number; readonly end: number };
  /** When a draft closes. */
  readonly finalizesAt: number | null;
}

/** A subscription; times in milliseconds since 1970. */
export interface SubscriptionReading {
  readonly kind: 'subscription';
  readonly id: string;
  readonly customer: string;
  readonly status: string;
  readonly period: { readonly start: number; readonly end: number } | undefined;
  readonly cancelAt: number | null;
  readonly endedAt: number | null;
}

/** Usage events that were taken and are not counted: samples, not all. */
export interface RejectionsReading {
  readonly kind: 'rejections';
  readonly rejections: readonly { readonly identifier: string; readonly code: string; readonly message: string }[];
}

/** What the provider answers when it is asked. */
export type Reading =
  | InvoiceReading
  | SubscriptionReading
  | RejectionsReading
  /** The object is no longer there. */
  | { readonly kind: 'gone' }
  /** The notice is about nothing that is kept here. */
  | { readonly kind: 'nothing' };

/** A provider's way of telling what has happened. */
export interface WebhookSource {
  /** The request header that carries the signature, in lower case. */
  readonly signatureHeader: string;
  /** Checks the signature over the raw payload; `receivedAt` in milliseconds since 1970. Never throws for a bad payload. */
  open(payload: string, signature: string, receivedAt: number): Opened;
  /** Reads the object anew. Throws when the provider does not answer. */
  read(notice: Pick<Notice, 'event' | 'type' | 'object'>): Promise<Reading>;
}
