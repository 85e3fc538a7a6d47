import { billingPlans } from './billing-plan.ts';
import { billingProviders } from './billing-provider.ts';
import { budgets } from './budget.ts';
import { creditGrants } from './credit-grant.ts';
import { gpuPools } from './gpu-pool.ts';
import { growthCampaigns } from './growth-campaign.ts';
import { messagingChannels } from './messaging-channel.ts';
import { optimizationPolicies } from './optimization-policy.ts';
import { optimizationRecommendations } from './optimization-recommendation.ts';
import { priceBooks } from './price-book.ts';
import { priceExperiments } from './price-experiment.ts';
import type { SampleTable } from './table.ts';
import { tenants } from './tenant.ts';
import { usageCorrections } from './usage-correction.ts';
import { usageReports } from './usage-report.ts';

/** Valid and invalid objects of every kind; unit tests run them through ajv, the scenario through a real API server. */
export const sampleTables: readonly SampleTable[] = [
  billingPlans,
  billingProviders,
  budgets,
  creditGrants,
  gpuPools,
  growthCampaigns,
  messagingChannels,
  optimizationPolicies,
  optimizationRecommendations,
  priceBooks,
  priceExperiments,
  tenants,
  usageCorrections,
  usageReports,
];
