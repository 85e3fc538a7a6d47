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
  /** Seconds until an accepted event shows in summaries. */
  readonly summaryLagSeconds: number;
}

/** A sandbox as documented. */
export const defaultSettings: PeerSettings = {
  account: 'acct_peer',
  key: 'sk_test_peer',
  identifierExpiry: '24h',
  concurrencyStatus: 429,
  ratePerSecond: 25,
  summaryLagSeconds: 0,
};
