import type { KindToken } from '../common.ts';
import { group } from '../group.ts';
import type { BillingProvider as BillingProviderObject } from './billing-provider.ts';
import type { GPUPool as GPUPoolObject } from './gpu-pool.ts';
import type { GrowthCampaign as GrowthCampaignObject } from './growth-campaign.ts';
import type { MessagingChannel as MessagingChannelObject } from './messaging-channel.ts';
import type { OptimizationPolicy as OptimizationPolicyObject } from './optimization-policy.ts';
import type { OptimizationRecommendation as OptimizationRecommendationObject } from './optimization-recommendation.ts';
import type { PriceBook as PriceBookObject } from './price-book.ts';
import type { Tenant as TenantObject } from './tenant.ts';

const version = 'v1alpha1';

/** The kind GPUPool. */
export const GPUPool: KindToken<GPUPoolObject> = {
  group,
  version,
  kind: 'GPUPool',
  plural: 'gpupools',
  scope: 'Cluster',
};
/** The kind Tenant. */
export const Tenant: KindToken<TenantObject> = { group, version, kind: 'Tenant', plural: 'tenants', scope: 'Cluster' };
/** The kind PriceBook. */
export const PriceBook: KindToken<PriceBookObject> = {
  group,
  version,
  kind: 'PriceBook',
  plural: 'pricebooks',
  scope: 'Cluster',
};
/** The kind BillingProvider. */
export const BillingProvider: KindToken<BillingProviderObject> = {
  group,
  version,
  kind: 'BillingProvider',
  plural: 'billingproviders',
  scope: 'Cluster',
};
/** The kind OptimizationPolicy. */
export const OptimizationPolicy: KindToken<OptimizationPolicyObject> = {
  group,
  version,
  kind: 'OptimizationPolicy',
  plural: 'optimizationpolicies',
  scope: 'Namespaced',
};
/** The kind OptimizationRecommendation. */
export const OptimizationRecommendation: KindToken<OptimizationRecommendationObject> = {
  group,
  version,
  kind: 'OptimizationRecommendation',
  plural: 'optimizationrecommendations',
  scope: 'Namespaced',
};
/** The kind GrowthCampaign. */
export const GrowthCampaign: KindToken<GrowthCampaignObject> = {
  group,
  version,
  kind: 'GrowthCampaign',
  plural: 'growthcampaigns',
  scope: 'Namespaced',
};
/** The kind MessagingChannel. */
export const MessagingChannel: KindToken<MessagingChannelObject> = {
  group,
  version,
  kind: 'MessagingChannel',
  plural: 'messagingchannels',
  scope: 'Namespaced',
};
