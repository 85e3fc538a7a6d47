import type { ConditionIntent } from '../../runtime/index.ts';
import type { CatalogPlan } from './decide.ts';
import { named } from './named.ts';

/** Of long lists, as many are named. */
const mostNamed = 5;

/** What a pass over a provider's catalog came to. */
export type CatalogResult =
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done'; readonly plan: CatalogPlan; readonly wanted: number; readonly left: number };

/** The condition of what the provider sells. */
export function condition(result: CatalogResult): ConditionIntent {
  const type = 'CatalogInStep';
  if (result.kind === 'closed') {
    const message = 'nothing is made or compared while the condition Ready is not True';
    return { type, status: 'Unknown', reason: 'ProviderNotReady', message };
  }
  if (result.kind === 'failed') {
    const message = `the provider does not let products and prices be made or read: ${result.message}; it is tried again`;
    return { type, status: 'False', reason: 'CatalogRefused', message };
  }
  const { plan, wanted, left } = result;
  if (plan.drift.length > 0)
    return { type, status: 'False', reason: 'CatalogDrifted', message: named(plan.drift, mostNamed, '; ') };
  if (plan.unsayable.length > 0) {
    return { type, status: 'False', reason: 'PriceNotExpressible', message: named(plan.unsayable, mostNamed, '; ') };
  }
  if (left > 0) {
    const message = `${left} of ${wanted} prices are still to be made`;
    return { type, status: 'False', reason: 'CatalogIncomplete', message };
  }
  return {
    type,
    status: 'True',
    reason: 'CatalogComplete',
    message: `the provider has all ${wanted} prices as they are rated here`,
  };
}
