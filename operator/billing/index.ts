/** What usage costs and how it is charged: prices, outbox, sinks, `gpuopt usage`. */
export { registerBill } from './bill/bill-command.ts';
export { readItemLines } from './bill/items.ts';
export { formatDecimal, parseDecimal } from './money/decimal.ts';
export { freezeSealed } from './outbox/freeze.ts';
export { clusterMark } from './outbox/mark.ts';
export { priceChanges } from './price-book/changes.ts';
export { readIncluded, readPrice } from './rating/stored.ts';
export { registerRevenue } from './revenue/revenue-command.ts';
export { billingRoom } from './room.ts';
export { clusterPages } from './sinks/pages.ts';
export { ledgerApi } from './usage/ledger-api.ts';
export type { UsageAnswer } from './usage/query.ts';
export { registerUsage } from './usage/usage-command.ts';
export { webhookApi } from './webhooks/api.ts';
export { webhookReceipts } from './webhooks/metrics.ts';
export { clusterReceivers } from './webhooks/receivers.ts';
