/** The custom resources: types, and kind tokens as `kinds`. */
export * from './common.ts';
export { group } from './group.ts';
export type * from './v1alpha1/billing-plan.ts';
export type * from './v1alpha1/billing-provider.ts';
export type * from './v1alpha1/budget.ts';
export type * from './v1alpha1/gpu-pool.ts';
export type * from './v1alpha1/gpu-pool-defragmentation.ts';
export type * from './v1alpha1/gpu-pool-mig.ts';
export type * from './v1alpha1/gpu-pool-nodes.ts';
export type * from './v1alpha1/gpu-pool-status.ts';
export type * from './v1alpha1/growth-campaign.ts';
export * as kinds from './v1alpha1/kinds.ts';
export type * from './v1alpha1/messaging-channel.ts';
export type * from './v1alpha1/optimization-policy.ts';
export type * from './v1alpha1/optimization-recommendation.ts';
export type * from './v1alpha1/price-book.ts';
export type * from './v1alpha1/tenant.ts';
export type * from './v1alpha1/usage-correction.ts';
