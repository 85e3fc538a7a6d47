import type { Node } from '../../kube/index.ts';
import { label, OPERATION_ANNOTATION, UNHEALTHY_TAINT } from './labels.ts';
import { upgradesDriver } from './node-owner.ts';

/** A rule that finds why nothing should be placed on a node. */
type Rule = (node: Node) => string | undefined;

/** States of mig-manager in which the geometry stands. */
const settledMig: ReadonlySet<string> = new Set(['', 'success']);
/** Taints by which Kubernetes itself says that a node is not well; taints of the admin are no illness. */
const illTaint =
  /^node\.kubernetes\.io\/(not-ready|unreachable|memory-pressure|disk-pressure|pid-pressure|network-unavailable)$/;

const rules: readonly Rule[] = [
  notReady, //        the kubelet is silent or says so itself
  cordoned, //        a person or a controller wants it empty
  upgradesDriver, //  capacity about to leave
  changesSharing, //  this operator is changing how its GPUs are shared
  changesGeometry, // MIG devices about to change
  tainted, //         pressure and the like
  unfit, //           its pool waits until it has been well for a while
];

/** Why nothing should be placed on the node, in a few words; undefined when it is well. */
export function nodeAilment(node: Node): string | undefined {
  for (const rule of rules) {
    const found = rule(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

function notReady(node: Node): string | undefined {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  return ready?.status === 'True' ? undefined : 'not ready';
}

function cordoned(node: Node): string | undefined {
  return node.spec?.unschedulable === true ? 'cordoned' : undefined;
}

/** What the kubelet and Kubernetes say against the node: not ready, or under pressure. */
export function nodeCondition(node: Node): string | undefined {
  return notReady(node) ?? tainted(node);
}

function changesSharing(node: Node): string | undefined {
  const changing = node.metadata.annotations?.[OPERATION_ANNOTATION] !== undefined;
  return changing ? 'its GPUs are being shared anew' : undefined;
}

function unfit(node: Node): string | undefined {
  return node.spec?.taints?.some(({ key }) => key === UNHEALTHY_TAINT) === true
    ? 'unhealthy a short while ago'
    : undefined;
}

function changesGeometry(node: Node): string | undefined {
  const state = node.metadata.labels?.[label.migState] ?? '';
  return settledMig.has(state) ? undefined : `MIG reconfiguration (${state})`;
}

function tainted(node: Node): string | undefined {
  const taint = node.spec?.taints?.find(({ key, effect }) => effect !== 'PreferNoSchedule' && illTaint.test(key));
  return taint === undefined ? undefined : `taint ${taint.key}`;
}
