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
  layoutImpossible: 'LayoutImpossible',
  oneWorld: 'OneWorld',
  nothingToConfigure: 'NothingToConfigure',
  configurable: 'ConfigMapsNamed',
  nothingPending: 'NothingPending',
  inProgress: 'InProgress',
  waits: 'Waits',
  degraded: 'NodesDegraded',
} as const;

/** The status fields of this controller; fragmentation and waiting are the planner's. */
export type OwnStatus = Omit<GPUPoolStatus, 'fragmentation' | 'waiting'>;

/** Most entries of status.reconfiguring, and most characters of one message, as the CRD bounds them. */
const CHANGES = 64;
const WHY = 1024;
/** Most nodes that a message names. */
const NAMED = 5;

/** Turns facts and findings into status. */
export function report(spec: GPUPoolSpec, facts: PoolFacts, findings: readonly Finding[]): StatusIntent<OwnStatus> {
  return {
    world: facts.world,
    ...countPool(facts.nodes),
    reconfiguring: reconfiguring(facts),
    conditions: [
      ready(findings),
      exclusive(findings),
      sharing(spec, findings),
      health(findings),
      world(findings),
      configurable(spec, findings),
      reconfigured(findings),
    ],
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
  const impossible = pick(findings, 'LayoutImpossible');
  if (impossible !== undefined) {
    const message = `spec.sharing asks for what GPUs cannot be cut into: ${words(impossible.nodes)}.`;
    return { type, status: 'False', reason: reason.layoutImpossible, message };
  }
  const found = pick(findings, 'SharingDiffers');
  if (found === undefined) {
    const message = `Every node advertises what ${wanted(spec.sharing)} asks for.`;
    return { type, status: 'True', reason: reason.sharingMatches, message };
  }
  const nodes = named(found.nodes.map((one) => `${one.node} (${one.found})`));
  const message = `spec.sharing expects ${wanted(spec.sharing)} but nodes advertise otherwise: ${nodes}. ${remedy(spec)}`;
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

function remedy({ reconfiguration }: GPUPoolSpec): string {
  if (reconfiguration === undefined) return 'Change the configuration of the nodes, or set spec.reconfiguration.';
  return 'The condition Reconfigured tells how they are changed.';
}

function words(nodes: readonly { readonly node: string; readonly why: string }[]): string {
  return named(nodes.map(({ node, why }) => `${node} (${why})`));
}

function world(findings: readonly Finding[]): ConditionIntent {
  const type = 'WorldSupported';
  const found = pick(findings, 'WorldsMixed');
  if (found !== undefined) return { type, status: 'False', ...found.obstacle };
  return { type, status: 'True', reason: reason.oneWorld, message: "At most one of NVIDIA's two stacks is installed." };
}

function configurable(spec: GPUPoolSpec, findings: readonly Finding[]): ConditionIntent {
  const type = 'SharingConfigurable';
  const found = pick(findings, 'Obstructed');
  if (found !== undefined) return { type, status: 'False', ...found.obstacle };
  if (spec.sharing === undefined || spec.reconfiguration === undefined) {
    const message = 'The pool asks for nothing that this operator would have to configure.';
    return { type, status: 'True', reason: reason.nothingToConfigure, message };
  }
  const message = "NVIDIA's components read the configuration that this operator writes.";
  return { type, status: 'True', reason: reason.configurable, message };
}

function reconfigured(findings: readonly Finding[]): ConditionIntent {
  const type = 'Reconfigured';
  const broken = pick(findings, 'Degraded');
  if (broken !== undefined) {
    const message = `A change and its undoing failed on ${named(broken.nodes)}; they stay cordoned. Repair them, take the annotation gpuoptimizer.io/reconfigure away and uncordon them.`;
    return { type, status: 'False', reason: reason.degraded, message };
  }
  const running = pick(findings, 'Changing');
  if (running !== undefined) {
    const message = `How GPUs are shared is being changed on ${named(running.nodes)}.`;
    return { type, status: 'Unknown', reason: reason.inProgress, message };
  }
  const waiting = pick(findings, 'ChangesWait');
  if (waiting !== undefined) {
    const message = `Changes wait: ${words(waiting.nodes)}.`;
    return { type, status: 'Unknown', reason: reason.waits, message };
  }
  return { type, status: 'True', reason: reason.nothingPending, message: 'No node has to be changed.' };
}

function reconfiguring({ changes }: PoolFacts): NonNullable<OwnStatus['reconfiguring']> {
  return (changes?.nodes ?? [])
    .flatMap(({ name, operation }) => {
      if (operation === undefined || operation === 'Unreadable') return [];
      const { step, direction, since, why } = operation;
      return [
        { node: name, step, direction, sinceTime: since, ...(why !== undefined && { message: why.slice(0, WHY) }) },
      ];
    })
    .slice(0, CHANGES);
}
