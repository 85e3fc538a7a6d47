import type { GPUPoolSpec } from '../../api/index.ts';
import type { ChangeFacts } from '../reconfigure/observe.ts';
import { desired } from '../sharing/desired.ts';
import { currentOffer, offerText } from '../sharing/geometry.ts';
import { type Obstacle, poolObstacle, WORLDS_MIXED } from '../sharing/site.ts';
import type { PoolFacts, PoolNodeFacts } from './observe.ts';

/** Something about the pool that a person should know. */
export type Finding =
  | { readonly kind: 'NodesClaimed'; readonly nodes: readonly { readonly node: string; readonly to: string }[] }
  | { readonly kind: 'SharingDiffers'; readonly nodes: readonly { readonly node: string; readonly found: string }[] }
  | { readonly kind: 'NodesAil'; readonly nodes: readonly { readonly node: string; readonly why: string }[] }
  | { readonly kind: 'NoNode' }
  | { readonly kind: 'LayoutImpossible'; readonly nodes: readonly { readonly node: string; readonly why: string }[] }
  | { readonly kind: 'WorldsMixed'; readonly obstacle: Obstacle }
  | { readonly kind: 'Obstructed'; readonly obstacle: Obstacle }
  | { readonly kind: 'Degraded'; readonly nodes: readonly string[] }
  | { readonly kind: 'Changing'; readonly nodes: readonly string[] }
  | { readonly kind: 'ChangesWait'; readonly nodes: readonly { readonly node: string; readonly why: string }[] };

/** A rule finds at most one thing. */
type Rule = (spec: GPUPoolSpec, facts: PoolFacts) => Finding | undefined;

const rules: readonly Rule[] = [
  noNode, //         the selector finds nothing: count nothing and say so
  nodesClaimed, //   the older pool keeps a node
  sharingDiffers, // nodes do not advertise what spec.sharing expects
  nodesAil, //       nodes that must not get new pods
  impossible, //     the GPUs of a node cannot be cut as asked
  worldsMixed, //    two of NVIDIA's stacks at once: nothing is written
  obstructed, //     NVIDIA's side is not set up for what the pool asks for
  degraded, //       a change and its undoing failed
  changing, //       changes are under way
  changesWait, //    changes have to wait
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

function sharingDiffers({ sharing }: GPUPoolSpec, { nodes, changes }: PoolFacts): Finding | undefined {
  if (sharing === undefined) return undefined;
  // Where the pool says or follows the cut, nodes without any are right as long as nobody asks for one.
  if (sharing.type === 'MIG' && sharing.mig !== undefined) return cutDiffers(sharing, changes);
  const differing = nodes.flatMap((node) => {
    const found = sharingText(node);
    return found === wanted(sharing) ? [] : [{ node: node.name, found }];
  });
  return differing.length === 0 ? undefined : { kind: 'SharingDiffers', nodes: differing };
}

function cutDiffers(sharing: GPUPoolSpec['sharing'], changes: PoolFacts['changes']): Finding | undefined {
  const differing = (changes?.nodes ?? [])
    .filter(({ cuts }) => desired(sharing, cuts).kind === 'Change')
    .map(({ name, cuts }) => ({ node: name, found: offerText(currentOffer(cuts.gpus)) }));
  return differing.length === 0 ? undefined : { kind: 'SharingDiffers', nodes: differing };
}

function impossible(_spec: GPUPoolSpec, { changes }: PoolFacts): Finding | undefined {
  const nodes = changes?.plan.impossible ?? [];
  return nodes.length === 0 ? undefined : { kind: 'LayoutImpossible', nodes };
}

function worldsMixed(_spec: GPUPoolSpec, { mixed }: PoolFacts): Finding | undefined {
  return mixed ? { kind: 'WorldsMixed', obstacle: WORLDS_MIXED } : undefined;
}

function obstructed(spec: GPUPoolSpec, { changes, nodes }: PoolFacts): Finding | undefined {
  const obstacle = changes === undefined || nodes.length === 0 ? undefined : poolObstacle(spec, changes.site);
  return obstacle === undefined ? undefined : { kind: 'Obstructed', obstacle };
}

function degraded(_spec: GPUPoolSpec, { changes }: PoolFacts): Finding | undefined {
  const nodes = namesWhere(changes, (operation) => operation === 'Unreadable' || operation.step === 'Degraded');
  return nodes.length === 0 ? undefined : { kind: 'Degraded', nodes };
}

function changing(_spec: GPUPoolSpec, { changes }: PoolFacts): Finding | undefined {
  const nodes = namesWhere(changes, (operation) => operation !== 'Unreadable' && operation.step !== 'Degraded');
  return nodes.length === 0 ? undefined : { kind: 'Changing', nodes };
}

function namesWhere(
  changes: PoolFacts['changes'],
  matches: (operation: NonNullable<ChangeFacts['operation']>) => boolean,
): readonly string[] {
  return (changes?.nodes ?? []).flatMap(({ name, operation }) =>
    operation !== undefined && matches(operation) ? [name] : [],
  );
}

function changesWait(_spec: GPUPoolSpec, { changes }: PoolFacts): Finding | undefined {
  const nodes = changes?.plan.waits ?? [];
  return nodes.length === 0 ? undefined : { kind: 'ChangesWait', nodes };
}

function nodesAil(_spec: GPUPoolSpec, { nodes }: PoolFacts): Finding | undefined {
  const ailing = nodes.flatMap(({ name, ailment }) => (ailment === undefined ? [] : [{ node: name, why: ailment }]));
  return ailing.length === 0 ? undefined : { kind: 'NodesAil', nodes: ailing };
}

/** What `spec.sharing` expects, in the words of `sharingText`. */
export function wanted(sharing: NonNullable<GPUPoolSpec['sharing']>): string {
  if (sharing.type === 'TimeSlicing') return `TimeSlicing ×${sharing.timeSlicing.replicas}`;
  if (sharing.type === 'MPS') return `MPS ×${sharing.mps.replicas}`;
  if (sharing.type === 'MIG' && sharing.mig !== undefined) return `MIG (${sharing.mig.type})`;
  return sharing.type;
}

function sharingText({ gpus }: PoolNodeFacts): string {
  return gpus.replicas > 1 ? `${gpus.sharing} ×${gpus.replicas}` : gpus.sharing;
}
