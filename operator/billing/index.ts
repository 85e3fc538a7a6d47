/** What usage costs and how it is charged: prices, outbox, sinks, `gpuopt usage`. */
export { freezeSealed } from './outbox/freeze.ts';
export { type BillingDeps, billingRoom } from './room.ts';
export { type Handler, usageApi, usagePath } from './usage/api.ts';
export type { Cost, MeterUsage, UsageAnswer, UsageQuestion } from './usage/query.ts';
export { registerUsage, type UsageCommandDeps } from './usage/usage-command.ts';
