import type { CommonStatus, CustomResource, Int32, Int64, KeyRef, Timestamp } from '../common.ts';

/**
 * BillingProvider is where usage is charged.
 * @resource plural=billingproviders singular=billingprovider shortNames=gbill categories=gpuopt scope=Cluster
 * @column Name=Type type=string path=.spec.type description="Kind of provider"
 * @column Name=Mode type=string path=.spec.mode description="Test or Live"
 * @column Name=Accepted type=integer path=.status.rows.accepted description="Usage rows the provider has accepted"
 * @column Name=Pending type=integer path=.status.rows.pending description="Usage rows still to send"
 * @column Name=Held type=integer path=.status.rows.held description="Usage rows that need a person"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True Accepting -- the account takes usage events, or the receiver or log is sent them
 * @condition Ready=False SecretMissing -- the Secret of secretRef is not in the operator's namespace; create it
 * @condition Ready=False SecretKeyMissing -- the Secret has no such key; add it
 * @condition Ready=False ModeMismatch -- the key's prefix is not that of spec.mode; change the key or the mode
 * @condition Ready=False SigningKeyInvalid -- the Secret holds no key that signs webhooks; write whsec_ and then 24 to 64 random bytes in base64
 * @condition Ready=False KeyRefused -- the provider refuses the key; put one that it accepts into the Secret
 * @condition Ready=False Unreachable -- the provider does not answer; usage waits in the outbox
 * @condition Ready=False AccountChanged -- the key belongs to another account than the usage that was frozen; use a key of that account, or a new BillingProvider
 * @condition Ready=False MetersMissing -- a meter could not be made at the provider
 * @condition Ready=False DeliveryRefused -- the provider refuses usage events under this key; give it the permission to write meter events
 * @condition Progressing=True UpToDate -- no usage has waited for more than 6 hours
 * @condition Progressing=False Late -- the oldest usage that is not acknowledged is older than 6 hours; Ready and the log say why
 * @condition Progressing=False Overdue -- it is older than 20 hours; after 23 it is read back from the provider before anything is sent again
 * @condition WebhooksReady=True Receiving -- events signed with one of the secrets are taken at /webhooks/ followed by the provider's name
 * @condition WebhooksReady=False NotConfigured -- spec.webhookSecretRef is not set, or the provider is not Stripe, so no webhook is taken
 * @condition WebhooksReady=False SecretMissing -- the Secret of webhookSecretRef is not in the operator's namespace; create it
 * @condition WebhooksReady=False SecretKeyMissing -- the Secret has no such key; add it
 * @condition WebhooksReady=False NoSigningSecret -- the Secret holds no line that begins with whsec_; copy the signing secret of the endpoint into it
 * @condition WebhooksReady=False KeyMissing -- the API key with which events are read again cannot be used; see the condition Ready
 * @condition Ready=False MeterArchived -- a meter was archived at the provider, where it must be reactivated; its usage waits, that of other meters is sent
 * @condition CatalogInStep=True CatalogComplete -- the provider has every price as usage is rated by it
 * @condition CatalogInStep=Unknown ProviderNotReady -- nothing is made or compared while Ready is not True
 * @condition CatalogInStep=False CatalogIncomplete -- prices are still to be made
 * @condition CatalogInStep=False CatalogDrifted -- somebody changed or archived a meter, product or price at the provider; the message says which, and it is never changed back by itself
 * @condition CatalogInStep=False PriceNotExpressible -- the provider has no form for a price; the message says which and what to change
 * @condition CatalogInStep=False CatalogRefused -- the provider refuses to make or show products and prices; the message is its own
 * @condition FeesSent=True AllSent -- what settled months hold beside usage, and late usage, is on invoices or waits for the next
 * @condition FeesSent=Unknown ProviderNotReady -- nothing is sent while Ready is not True
 * @condition FeesSent=False FeesRefused -- the provider does not take an invoice item; the message is its own
 * @condition NeedsPerson=False NothingHeld -- no usage row waits for a person
 * @condition NeedsPerson=True RowsHeld -- usage rows are held; gpuopt usage show names their meters
 * @condition NeedsPerson=True DriftHeld -- the provider's sums differ by more than is corrected without a person; gpuopt usage reconcile says where
 * @condition NeedsPerson=True RowsRejected -- the provider rejected usage rows for what they say
 * @event Warning FeeLate -- the invoice of the month is final, so a fee or commitment of it will be on the next
 * @event Warning CatalogDrifted -- a meter, product or price at the provider is not what usage is rated by
 */
export interface BillingProvider extends CustomResource<BillingProviderSpec, BillingProviderStatus> {}

/**
 * BillingProviderSpec says how the provider is reached.
 * @rule !has(self.catalog) || self.catalog.mode == self.mode -- what is made in mode Live charges real customers; say the mode of the provider again in catalog.mode
 * @rule has(self.webhook) == (self.type == 'Webhook') -- webhook says where usage is posted: set it with type Webhook, and with no other
 * @rule self.type == 'Stripe' || !(has(self.catalog) || has(self.endpoint) || has(self.webhookSecretRef)) -- catalog, endpoint and webhookSecretRef are Stripe's; remove them, or use type Stripe
 * @rule has(self.secretRef) == (self.type != 'Log') -- secretRef names the key of Stripe or of a receiver: set it, and with type Log leave it out
 * @rule self.type == 'Stripe' || !has(self.transport) -- transport chooses between calls of Stripe; remove it, or use type Stripe
 * @rule self.type == 'Stripe' || !has(self.ingestion) -- ingestion says how meters of Stripe count; remove it, or use type Stripe
 * @rule !has(self.ingestion) || self.ingestion == 'Delta' || !has(self.transport) || self.transport == 'MeterEvents' -- an hour is stated by one event at a time: use transport MeterEvents, or ingestion Delta
 * @rule !has(self.ingestion) || self.ingestion == 'Delta' || self.mode == 'Test' -- that the newest event of an hour replaces the others is documented and not yet seen in an account: use ingestion Delta in mode Live
 * @rule (has(self.ingestion) ? self.ingestion : 'Delta') == (has(oldSelf.ingestion) ? oldSelf.ingestion : 'Delta') -- ingestion is immutable: meters count in one way for ever; create a new BillingProvider
 */
export interface BillingProviderSpec {
  /**
   * type is the kind of provider: Stripe; Webhook, a receiver of your own that is posted every row of usage as a
   * CloudEvent; or Log, which writes the same events to the operator's standard output, one a line. Neither states sums:
   * nothing is reconciled with it, and it makes no invoices here.
   */
  readonly type: 'Stripe' | 'Webhook' | 'Log';
  /**
   * mode is Test or Live. Of Stripe, the key's prefix must agree (sk_test_ or sk_live_, rk_test_ or rk_live_); a receiver
   * is told it with each event.
   */
  readonly mode: 'Test' | 'Live';
  /**
   * secretRef names the key of a Secret in the operator's namespace that holds Stripe's API key or, with type Webhook,
   * the key that signs (whsec_ and 24 to 64 bytes in base64). A log has none.
   */
  readonly secretRef?: KeyRef;
  /** webhook says where usage is posted; for type Webhook. */
  readonly webhook?: WebhookReceiver;
  /**
   * webhookSecretRef names the key of a Secret in the operator's namespace that holds the signing secrets of the
   * provider's webhook endpoints (whsec_...), one a line, so that one can be rolled. Without it no webhook is taken.
   */
  readonly webhookSecretRef?: KeyRef;
  /**
   * catalog lets the operator make what it charges by at the provider: a product for each SKU, a price for each SKU of a
   * price list in force or announced, and for tenants without a customerId a customer with a monthly subscription to the
   * prices of his list. What is there is compared every ten minutes, and when the annotation
   * gpuoptimizer.io/compare-catalog changes, and never changed. Without it, the operator makes meters only.
   */
  readonly catalog?: ProviderCatalog;
  /**
   * endpoint replaces the provider's own address, for a proxy or a test peer: scheme, host and optional port.
   * @maxLength 253
   * @pattern ^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$
   */
  readonly endpoint?: string;
  /**
   * transport is by which of Stripe's calls usage is sent: MeterEvents (v1), one event a call, checked before the answer,
   * or MeterEventStream (v2), up to 100 events a call, checked after it, so that an event that Stripe does not count is
   * found by its report or by reconciliation. Absent means MeterEvents. Change it while status.rows.ambiguous is 0.
   */
  readonly transport?: 'MeterEvents' | 'MeterEventStream';
  /**
   * ingestion is what an event says: Delta, what is to be added to its hour, counted once by its identifier; or
   * HourlySnapshot, what the whole hour holds by now, on meters of their own (gpu_seconds_hourly__ and the SKU) that keep
   * the newest event of an hour, so that sending again is harmless at any age. Absent means Delta. It cannot be changed.
   */
  readonly ingestion?: 'Delta' | 'HourlySnapshot';
  /**
   * maxRequestsPerSecond bounds the calls to the provider.
   * @min 1
   * @max 1000
   * @default 20
   */
  readonly maxRequestsPerSecond?: Int32;
  /**
   * correctUpToSeconds is the largest difference, in GPU-seconds of one customer, meter and hour, between what the
   * provider states and what it acknowledged that is corrected without a person.
   * @min 0
   * @max 1000000000
   * @default 86400
   */
  readonly correctUpToSeconds?: Int64;
}

/** WebhookReceiver is who is posted usage. */
export interface WebhookReceiver {
  /**
   * url takes one CloudEvent a request, signed by Standard Webhooks. It must take an identifier once however often it
   * comes, for good, and say 2xx or 409 to those that it has.
   * @maxLength 2048
   * @pattern ^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$
   */
  readonly url: string;
}

/** ProviderCatalog is what the operator may make at the provider. */
export interface ProviderCatalog {
  /** mode is that of the provider, said again: what is made in mode Live charges real customers. */
  readonly mode: 'Test' | 'Live';
  /**
   * fees says where the recurringFee and commitment of plans go: NotSent, the default, keeps them in previews, the journal
   * and the figures; InvoiceItems also puts them, in whole minor units, on the invoice that bills the month, of each
   * customer that the operator made. Months that end before it was said first are left out. Do not say it where
   * subscriptions charge the same. Late usage goes the same way where spec.corrections of the tenant's plan says so, also
   * of customers that were named.
   */
  readonly fees?: 'NotSent' | 'InvoiceItems';
  /**
   * credits says where it goes that CreditGrants pay for usage: NotSent, the default, leaves the invoice to you, for example
   * with a credit grant at the provider; InvoiceItems puts what they pay of a calendar month, UTC, on the invoice that bills
   * it, as a negative item in whole minor units, of each customer that the operator made. Months that end before it was said
   * first are left out. Do not say it where the provider has the same credit.
   */
  readonly credits?: 'NotSent' | 'InvoiceItems';
}

/** BillingProviderStatus tells how delivery goes. */
export interface BillingProviderStatus extends CommonStatus {
  /** rows counts the usage rows of the outbox by state. */
  readonly rows?: OutboxRows;
  /** oldestUnsentTime is the end of the oldest usage that the provider has not acknowledged; absent when there is none. */
  readonly oldestUnsentTime?: Timestamp;
  /**
   * driftSeconds is by how many GPU-seconds, all hours added up, the provider's sums differ from what it acknowledged.
   * @min 0
   */
  readonly driftSeconds?: Int64;
}

/** OutboxRows counts rows by state. */
export interface OutboxRows {
  /**
   * accepted rows were acknowledged by the provider.
   * @min 0
   */
  readonly accepted: Int32;
  /**
   * pending rows are to be sent, or sent again.
   * @min 0
   */
  readonly pending: Int32;
  /**
   * rejected rows were refused by the provider for what they say.
   * @min 0
   */
  readonly rejected: Int32;
  /**
   * held rows need a person.
   * @min 0
   */
  readonly held: Int32;
  /**
   * late rows are on an invoice item, or soon to be: the invoice of their time was final. Absent where there are none.
   * @min 0
   */
  readonly late?: Int32;
  /**
   * ambiguous rows, a part of the pending ones, were sent and it is not known whether they arrived.
   * @min 0
   */
  readonly ambiguous?: Int32;
}
