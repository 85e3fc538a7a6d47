import type { GPUPoolSpec } from '../../api/index.ts';
import type { PoolFacts, PoolNodeFacts } from './observe.ts';

/** Something about the pool that a person should know. */
export type Finding =
  | { readonly kind: 'NodesClaimed'; readonly nodes: readonly { readonly node: string; readonly to: string }[] }
  | { readonly kind: 'SharingDiffers'; readonly nodes: readonly { readonly node: string; readonly found: string }[] }
  | { readonly kind: 'NodesAil'; readonly nodes: readonly { readonly node: string; readonly why: string }[] }
  | { readonly kind: 'NoNode' };

/** A rule finds at most one thing. */
type Rule = (spec: GPUPoolSpec, facts: PoolFacts) => Finding | undefined;

const rules: readonly Rule[] = [
  noNode, //         the selector finds nothing: count nothing and say so
  nodesClaimed, //   the older pool keeps a node
  sharingDiffers, // nodes do not advertise what spec.sharing expects
  nodesAil, //       nodes that must not get new pods
];

/** All findings about the pool, in the order of the rules. */
export function decide(spec: GPUPoolSpec, facts: PoolFacts): readonly Finding[] {
  return rules.map((rule) => rule(spec, facts)).filter((finding) => finding !== undefined);
}

function noNode(_spec: GPUPoolSpec, { nodes }: PoolFacts): Finding | undefined {
  return nodes.length === 0 ? { kind: 'NoNode' } : undefined;
}

function nodesClaimed(_spec: GPUPoolSpec, { lost }: PoolFacts): Finding | undefined {
  return lost.length === 0 ? undefined : { kind: 'NodesClaimed', nodes: lost };
}

function sharingDiffers({ sharing }: GPUPoolSpec, { nodes }: PoolFacts): Finding | undefined {
  if (sharing === undefined) return undefined;
  const differing = nodes.flatMap((node) => {
    const found = sharingText(node);
    return found === wanted(sharing) ? [] : [{ node: node.name, found }];
  });
  return differing.length === 0 ? undefined : { kind: 'SharingDiffers', nodes: differing };
}

function nodesAil(_spec: GPUPoolSpec, { nodes }: PoolFacts): Finding | undefined {
  const ailing = nodes.flatMap(({ name, ailment }) => (ailment === undefined ? [] : [{ node: name, why: ailment }]));
  return ailing.length === 0 ? undefined : { kind: 'NodesAil', nodes: ailing };
}

/** What `spec.sharing` expects, in the words of `sharingText`. */
export function wanted(sharing: NonNullable<GPUPoolSpec['sharing']>): string {
  if (sharing.type === 'TimeSlicing') return `TimeSlicing ×${sharing.timeSlicing.replicas}`;
  if (sharing.type === 'MPS') return `MPS ×${sharing.mps.replicas}`;
  return sharing.type;
}

function sharingText({ gpus }: PoolNodeFacts): string {
  return gpus.replicas > 1 ? `${gpus.sharing} ×${gpus.replicas}` : gpus.sharing;
}
