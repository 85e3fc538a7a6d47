import type { Node, Pod } from '../../kube/index.ts';
import { gatedForDevices } from '../dynamic/observe.ts';
import { offerChanged } from '../wakes.ts';
import { holderNode, operandNode } from './observe.ts';

/** Whether a change of a node can move a change of its sharing; heartbeats cannot. */
export function nodeMatters(now: Node, before: Node | undefined): boolean {
  if (before === undefined) return true;
  return (
    offerChanged(now, before) ||
    JSON.stringify(now.metadata.annotations) !== JSON.stringify(before.metadata.annotations) ||
    now.spec?.unschedulable !== before.spec?.unschedulable
  );
}

/** The marks of a pod that is nobody's business here. */
const NOTHING = '|,|';

/** Whether a pod began or ceased to hold GPUs, to be one of NVIDIA's components on a node, or to wait for GPUs. */
export function podMatters(now: Pod, before: Pod | undefined): boolean {
  const marks = (pod: Pod): string =>
    [...holderNode(pod), '|', ...operandNode(pod), '|', ...gatedForDevices(pod)].join();
  if (before === undefined) return marks(now) !== NOTHING;
  return marks(now) !== marks(before) || now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp;
}
