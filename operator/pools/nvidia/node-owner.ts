import type { Node } from '../../kube/index.ts';
import { label } from './labels.ts';

/** A rule that finds who else is about to do something with a node. */
type Rule = (node: Node) => string | undefined;

/** States of the driver upgrade in which nobody works on the node [GPU Operator: "" and upgrade-done]. */
const settledUpgrade: ReadonlySet<string> = new Set(['', 'upgrade-done']);
/** Annotations by which NVSentinel marks a node that it has quarantined. */
const NVSENTINEL_PREFIX = 'quarantineHealthEvent';
/** Taints by which autoscalers announce that a node goes. */
const departures: Readonly<Record<string, string>> = {
  ToBeDeletedByClusterAutoscaler: 'cluster-autoscaler',
  'karpenter.sh/disrupted': 'Karpenter',
  'karpenter.sh/disruption': 'Karpenter',
};

const rules: readonly Rule[] = [
  upgradesDriver, // NVIDIA's upgrade controller cordons, drains and uncordons by itself
  quarantined, //    NVSentinel repairs the node and lifts its own cordon
  departs, //        an autoscaler takes the node away
];

/** Who else works on the node, in a few words; undefined when nobody does. What another has, is neither changed nor undone. */
export function nodeOwner(node: Node): string | undefined {
  for (const rule of rules) {
    const found = rule(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** NVIDIA's driver upgrade, where it is at work. */
export function upgradesDriver(node: Node): string | undefined {
  const state = node.metadata.labels?.[label.driverUpgradeState] ?? '';
  return settledUpgrade.has(state) ? undefined : `driver upgrade (${state})`;
}

/** NVSentinel, where it has quarantined the node. */
export function quarantined(node: Node): string | undefined {
  const marked = Object.entries(node.metadata.annotations ?? {}).some(
    ([name, value]) => name.startsWith(NVSENTINEL_PREFIX) && value !== '' && value !== 'False',
  );
  return marked ? 'NVSentinel' : undefined;
}

function departs(node: Node): string | undefined {
  const taint = node.spec?.taints?.find(({ key }) => departures[key] !== undefined);
  return taint === undefined ? undefined : departures[taint.key];
}
