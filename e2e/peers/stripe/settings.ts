/** How the peer behaves where Stripe's own behaviour is documented as a range or not at all. */
export interface PeerSettings {
  /** The account that the keys belong to. */
  readonly account: string;
  /** The key that is accepted; its mode is test. */
  readonly key: string;
  /** When identifiers are forgotten: Stripe says "at least 24 hours". */
  readonly identifierExpiry: '24h' | 'never';
  /** The answer to a second call in flight for one customer and meter. */
  readonly concurrencyStatus: 409 | 429;
  /** Calls a second before 429; a sandbox allows 25. */
  readonly ratePerSecond: number;
  /** Meter events a second before 429: the same 25 in a sandbox, 1000 live. */
  readonly eventRatePerSecond: number;
  /** Calls of the v2 stream a second before 429: 10,000 live. */
  readonly streamRatePerSecond: number;
  /** Whether meter, payload and value of a v1 event are refused at once, or taken with 200 and reported later. */
  readonly validation: 'early' | 'late';
  /** Seconds until an accepted event is checked and counted, 0 to 120. */
  readonly validationLagSeconds: number;
  /** Seconds until an accepted event shows in summaries. */
  readonly summaryLagSeconds: number;
  /** Seconds until what was made or changed is found by a search; under a minute at Stripe, but for outages. */
  readonly searchLagSeconds: number;
  /** Seconds that an invoice of a subscription stays a draft; an hour at Stripe. */
  readonly invoiceGraceSeconds: number;
  /** Days between payment attempts after a failed one; Stripe's own times are not public. */
  readonly paymentRetryDays: readonly number[];
  /** What becomes of a subscription whose last attempt failed. */
  readonly afterRetries: 'past_due' | 'unpaid' | 'canceled';
}

/** A sandbox as documented. */
export const defaultSettings: PeerSettings = {
  account: 'acct_peer',
  key: 'sk_test_peer',
  identifierExpiry: '24h',
  concurrencyStatus: 429,
  ratePerSecond: 25,
  eventRatePerSecond: 25,
  streamRatePerSecond: 25,
  validation: 'early',
  validationLagSeconds: 0,
  summaryLagSeconds: 0,
  searchLagSeconds: 60,
  invoiceGraceSeconds: 3600,
  paymentRetryDays: [3, 5, 7],
  afterRetries: 'past_due',
};

/** Limits a second by profile: `live` as documented for live mode. */
export const rateProfiles = {
  sandbox: { ratePerSecond: 25, eventRatePerSecond: 25, streamRatePerSecond: 25 },
  live: { ratePerSecond: 100, eventRatePerSecond: 1000, streamRatePerSecond: 10_000 },
} as const;
