import type { GPUPoolSpec, GPUPoolStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import { countPool } from './count.ts';
import { type Finding, wanted } from './decide.ts';
import type { PoolFacts } from './observe.ts';

/** Reasons of a GPUPool's conditions. */
export const reason = {
  inForce: 'NodesCounted',
  noNode: 'NoNodeSelected',
  exclusive: 'NoConflict',
  conflict: 'NodeConflict',
  sharingFree: 'NothingExpected',
  sharingMatches: 'NodesMatch',
  sharingDiffers: 'NodesDiffer',
  healthy: 'AllHealthy',
  unhealthy: 'NodesUnhealthy',
} as const;

/** The status fields of this controller; fragmentation and waiting are the planner's. */
export type OwnStatus = Omit<GPUPoolStatus, 'fragmentation' | 'waiting'>;

/** Most nodes that a message names. */
const NAMED = 5;

/** Turns facts and findings into status. */
export function report(spec: GPUPoolSpec, facts: PoolFacts, findings: readonly Finding[]): StatusIntent<OwnStatus> {
  return {
    world: facts.world,
    ...countPool(facts.nodes),
    conditions: [ready(findings), exclusive(findings), sharing(spec, findings), health(findings)],
  };
}

function pick<K extends Finding['kind']>(
  findings: readonly Finding[],
  kind: K,
): Extract<Finding, { readonly kind: K }> | undefined {
  return findings.find((finding): finding is Extract<Finding, { readonly kind: K }> => finding.kind === kind);
}

function named(parts: readonly string[]): string {
  const more = parts.length > NAMED ? ` and ${parts.length - NAMED} more` : '';
  return `${parts.slice(0, NAMED).join(', ')}${more}`;
}

function ready(findings: readonly Finding[]): ConditionIntent {
  const type = 'Ready';
  if (pick(findings, 'NoNode') !== undefined) {
    const message = 'No node carries the labels of spec.nodes.selector, or older pools keep them all.';
    return { type, status: 'True', reason: reason.noNode, message };
  }
  return {
    type,
    status: 'True',
    reason: reason.inForce,
    message: 'The nodes of the pool are counted and planned with.',
  };
}

function exclusive(findings: readonly Finding[]): ConditionIntent {
  const type = 'NodesExclusive';
  const found = pick(findings, 'NodesClaimed');
  if (found === undefined) {
    return { type, status: 'True', reason: reason.exclusive, message: 'No other pool selects these nodes.' };
  }
  const nodes = named(found.nodes.map(({ node, to }) => `${node} (kept by ${to})`));
  const message = `Older pools keep nodes that this one selects: ${nodes}. Narrow spec.nodes.selector of one of them.`;
  return { type, status: 'False', reason: reason.conflict, message };
}

function sharing(spec: GPUPoolSpec, findings: readonly Finding[]): ConditionIntent {
  const type = 'SharingInSync';
  if (spec.sharing === undefined) {
    const message = 'spec.sharing is not set, so whatever the nodes advertise is accepted.';
    return { type, status: 'True', reason: reason.sharingFree, message };
  }
  const found = pick(findings, 'SharingDiffers');
  if (found === undefined) {
    const message = `Every node advertises ${wanted(spec.sharing)}.`;
    return { type, status: 'True', reason: reason.sharingMatches, message };
  }
  const nodes = named(found.nodes.map((one) => `${one.node} (${one.found})`));
  const message = `spec.sharing expects ${wanted(spec.sharing)} but nodes advertise otherwise: ${nodes}. Change the device plugin's configuration or spec.sharing.`;
  return { type, status: 'False', reason: reason.sharingDiffers, message };
}

function health(findings: readonly Finding[]): ConditionIntent {
  const type = 'NodesHealthy';
  const found = pick(findings, 'NodesAil');
  if (found === undefined) {
    return { type, status: 'True', reason: reason.healthy, message: 'Every node of the pool can take pods.' };
  }
  const message = `Nothing new is placed on: ${named(found.nodes.map(({ node, why }) => `${node} (${why})`))}.`;
  return { type, status: 'False', reason: reason.unhealthy, message };
}
