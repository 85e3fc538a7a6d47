import { keyText, type Pod } from '../../kube/index.ts';
import type { Planner } from '../planner/index.ts';
import { pinnedNode } from '../pod-state.ts';
import { type ClaimGrant, grantsOf, isWhole } from './allocation.ts';
import { claimsOfPod } from './claims.ts';
import type { DraFacts } from './observe.ts';
import type { PodGrants } from './writer.ts';

/** The claims of a pod that are to be allocated on a node of ours, with the devices that the plan chose. */
export function podGrants(
  { claims, ours, waysOf }: DraFacts,
  pod: Pod,
  node: string,
  devices: Parameters<typeof grantsOf>[3],
): readonly ClaimGrant[] {
  if (!ours.has(node)) return [];
  const open = claimsOfPod(pod)
    .flatMap(({ key }) => claims.get(key ?? '') ?? [])
    .filter(({ isAllocated, reading }) => !isAllocated && reading.kind === 'devices');
  const ways = waysOf(open);
  return 'blocker' in ways ? [] : grantsOf(open, ways, node, devices).filter(isWhole);
}

/**
 * Claims of pods that were let go already and lost their allocation: kube-scheduler takes one back when its pod fits
 * nowhere, and cannot allocate it again. The plan holds devices for them on their node; they get these.
 */
export function regrants(dra: DraFacts, released: readonly Pod[], planner: Planner): readonly PodGrants[] {
  return released.flatMap((pod) => {
    const node = pinnedNode(pod);
    if (node === undefined || pod.metadata.deletionTimestamp !== undefined) return [];
    const held = planner.snapshot.taken.get(keyText(pod))?.devices ?? [];
    const grants = held.length === 0 ? [] : podGrants(dra, pod, node, held);
    return grants.length === 0 ? [] : [{ pod, grants }];
  });
}
