/**
 * A peer that plays Stripe's billing API, version 2026-10-28.endive, for the unmodified `stripe` package: with memory,
 * a clock that tests move, faults by plan, and the truth about what it has counted.
 *
 *     node e2e/peers/stripe/main.ts --port 4010 --customer cus_acme     # --help names every flag and /_peer/ route
 *     new Stripe('sk_test_peer', { host: '127.0.0.1', port: 4010, protocol: 'http' })
 *
 * What it plays: meters, meter events of v1 and v2 with the stream, adjustments, summaries; customers, test cards,
 * products, prices with tiers, subscriptions, invoices with previews, invoice items, credit notes, credit grants;
 * checkout and portal sessions; webhooks of v1 and thin ones of v2; test clocks. A parameter that it does not play is
 * refused as unknown: nothing is taken and then ignored.
 *
 * | folder | idea |
 * |---|---|
 * | `http` | the order of checks: key, version, rate, idempotency key, one call in flight |
 * | `params` | shapes of parameters and how they are refused |
 * | `state` | rows in transactions, one line of a file each |
 * | `time` | the peer's clock, test clocks, what becomes due |
 * | `metering`, `catalog`, `subscriptions`, `invoices`, `credits`, `pages`, `webhooks` | Stripe's objects |
 * | `control` | faults, ground truth, the routes under /_peer/ |
 * | `conformance` | one set of assertions for the peer and for a real sandbox; stripe-mock checks the shapes of both sides |
 *
 * Where Stripe's behaviour is documented as a range or not at all, `settings.ts` says so and has a switch. Not played:
 * taxes, discounts, trials, alerts, quotes, Connect.
 */
export { type PeerOptions, type StripePeer, startStripePeer } from './peer.ts';
