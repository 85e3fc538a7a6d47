/** What usage costs and how it is charged: prices, outbox, sinks, `gpuopt usage`. */
export { freezeSealed } from './outbox/freeze.ts';
export { billingRoom } from './room.ts';
export { usageApi } from './usage/api.ts';
export type { UsageAnswer } from './usage/query.ts';
export { registerUsage } from './usage/usage-command.ts';
export { webhookApi } from './webhooks/api.ts';
export { webhookReceipts } from './webhooks/metrics.ts';
export { clusterReceivers } from './webhooks/receivers.ts';
