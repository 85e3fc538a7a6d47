import type { CommonStatus, CustomResource, Int32, KeyRef } from '../common.ts';

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
 */
export interface BillingProvider extends CustomResource<BillingProviderSpec, BillingProviderStatus> {}

/** BillingProviderSpec says how the provider is reached. */
export interface BillingProviderSpec {
  /** type is the kind of provider. */
  readonly type: 'Stripe';
  /** mode is Test or Live; the key's prefix must agree (sk_test_ or sk_live_, rk_test_ or rk_live_). */
  readonly mode: 'Test' | 'Live';
  /** secretRef names the key of a Secret in the operator's namespace that holds the provider's API key. */
  readonly secretRef: KeyRef;
  /**
   * endpoint replaces the provider's own address, for a proxy or a test peer: scheme, host and optional port.
   * @maxLength 253
   * @pattern ^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$
   */
  readonly endpoint?: string;
  /**
   * maxRequestsPerSecond bounds the calls to the provider.
   * @min 1
   * @max 1000
   * @default 20
   */
  readonly maxRequestsPerSecond?: Int32;
}

/** BillingProviderStatus tells how delivery goes. */
export interface BillingProviderStatus extends CommonStatus {
  /** rows counts the usage rows of the outbox by state. */
  readonly rows?: OutboxRows;
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
}
