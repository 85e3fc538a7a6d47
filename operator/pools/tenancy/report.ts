import type { TenantStatus } from '../../api/index.ts';
import type { StatusIntent } from '../../runtime/index.ts';
import type { TenantPlan } from './decide.ts';
import type { TenantFacts } from './observe.ts';

/** Reasons of a Tenant's conditions. */
export const reason = {
  inForce: 'NamespacesLabelled',
  noNamespace: 'NoNamespace',
  exclusive: 'NoConflict',
  conflict: 'NamespaceConflict',
} as const;

/** Most namespaces that status lists; the count is exact. */
const LISTED = 100;
/** Most names that a message spells out. */
const NAMED = 5;

/** The status fields of this controller; waitingPods is the planner's. */
export type OwnStatus = Omit<TenantStatus, 'waitingPods'>;

/** Turns facts and plan into status. */
export function report(facts: TenantFacts, plan: TenantPlan): StatusIntent<OwnStatus> {
  const milli = facts.allocatedMilli;
  return {
    namespaceCount: plan.owned.length,
    namespaces: plan.owned.slice(0, LISTED),
    allocated: { gpus: Math.ceil(milli / 1000), milli },
    conditions: [ready(plan), conflict(plan)],
  };
}

function ready(plan: TenantPlan): StatusIntent<OwnStatus>['conditions'][number] {
  if (plan.owned.length > 0) {
    const message = 'The namespaces of the tenant carry its label and their GPU pods are gated.';
    return { type: 'Ready', status: 'True', reason: reason.inForce, message };
  }
  const message =
    'No namespace matches spec.selector.namespaces or all are kept by older tenants; create one or change the selector.';
  return { type: 'Ready', status: 'True', reason: reason.noNamespace, message };
}

function conflict({ lost }: TenantPlan): StatusIntent<OwnStatus>['conditions'][number] {
  const type = 'NamespacesExclusive';
  if (lost.length === 0) {
    return { type, status: 'True', reason: reason.exclusive, message: 'No other tenant claims these namespaces.' };
  }
  const names = lost.slice(0, NAMED).map(({ namespace, to }) => `${namespace} (kept by ${to})`);
  const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : '';
  const message = `Older tenants keep namespaces that this one selects: ${names.join(', ')}${more}. Narrow spec.selector.namespaces of one of them.`;
  return { type, status: 'False', reason: reason.conflict, message };
}
