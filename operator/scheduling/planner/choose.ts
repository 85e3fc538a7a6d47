import type { Compiled } from './demand.ts';
import type { Eligible } from './eligible.ts';
import { NO_FIT, type Scorer } from './scorer.ts';
import type { Snapshot } from './snapshot.ts';

/** Scores by node for one kind of demand, each valid for one version of its node. */
interface Scores {
  readonly score: Int32Array;
  readonly version: Uint32Array;
}

/**
 * Chooses nodes and remembers scores: between two pods of one kind only the nodes that changed are scored again, so a
 * decision is mostly one scan over integers.
 */
export interface Chooser {
  readonly snapshot: Snapshot;
  readonly scorer: Scorer;
  readonly scores: Map<string, Scores>;
  epoch: number;
}

/** Bound on remembered kinds of demand: 8 bytes each per node, 40 MB at 5,000 nodes. */
const MAX_KINDS = 1024;

/** A chooser without memory yet. */
export function createChooser(snapshot: Snapshot, scorer: Scorer): Chooser {
  return { snapshot, scorer, scores: new Map(), epoch: scorer.epoch };
}

/** The node with the highest score among those allowed and roomy, the first in tie order among equals; -1 if none. */
export function chooseNode(
  chooser: Chooser,
  demand: Compiled,
  eligible: Eligible,
  allowed?: (node: number) => boolean,
): number {
  const { snapshot, scorer } = chooser;
  const { version: current, memoryFree, podsFree } = snapshot;
  const { score: known, version } = scoresFor(chooser, demand.key);
  const toll = scorer.toll?.(demand);
  let best = -1;
  let bestScore = NO_FIT;
  for (let node = 0; node < known.length; node++) {
    if (eligible[node] === 0) continue;
    if (version[node] !== current[node]) {
      known[node] = scorer.score(node, demand);
      version[node] = current[node] as number;
    }
    let score = known[node] as number;
    if (toll !== undefined && score !== NO_FIT) score -= toll.byGroup[toll.groupOf[node] as number] as number;
    if (score <= bestScore) continue;
    if ((memoryFree[node] as number) < demand.memoryMiB || (podsFree[node] as number) < 1) continue;
    if (allowed !== undefined && !allowed(node)) continue;
    best = node;
    bestScore = score;
  }
  return best;
}

function scoresFor(chooser: Chooser, key: string): Scores {
  if (chooser.epoch !== chooser.scorer.epoch || chooser.scores.size >= MAX_KINDS) {
    chooser.scores.clear();
    chooser.epoch = chooser.scorer.epoch;
  }
  const known = chooser.scores.get(key);
  if (known !== undefined) return known;
  const nodes = chooser.snapshot.nodes.length;
  const fresh: Scores = { score: new Int32Array(nodes), version: new Uint32Array(nodes) };
  chooser.scores.set(key, fresh);
  return fresh;
}
