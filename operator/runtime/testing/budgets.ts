/** Disruption budgets, as the Eviction API reads them: by their status alone. */
import type { KubeObject, PatchBody } from '../types.ts';
import { Refusal } from './refusals.ts';

interface Budget extends KubeObject {
  readonly spec?: { readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly desiredHealthy?: number;
    readonly currentHealthy?: number;
  };
}

/** The patch that counts the eviction of a ready pod against its budget; none where the budget is not about it. Throws 429. */
export function spendBudget(budget: Budget, pod: KubeObject & { readonly status?: unknown }): PatchBody | undefined {
  const wanted = Object.entries(budget.spec?.selector?.matchLabels ?? {});
  const selects = wanted.every(([key, value]) => pod.metadata.labels?.[key] === value);
  const phase: unknown = Reflect.get(Object(pod.status), 'phase');
  if (!selects || phase !== 'Running') return undefined;
  const { currentHealthy = 0, desiredHealthy = 0, disruptionsAllowed = 0 } = budget.status ?? {};
  if (disruptionsAllowed > 0) {
    const status = { disruptionsAllowed: disruptionsAllowed - 1 };
    return { type: 'merge', subresource: 'status', body: { status } };
  }
  const needs = `The disruption budget ${budget.metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  const details = { causes: [{ reason: 'DisruptionBudget', message: needs }] };
  const message = "Cannot evict pod as it would violate the pod's disruption budget.";
  throw new Refusal(429, 'TooManyRequests', message, details);
}
