/** Which nodes of a dynamic pool are cut anew, and how: what waits longest is served, and large pieces are kept large. */
import type { GPUPool } from '../../api/index.ts';
import type { Target } from '../reconfigure/decide.ts';
import { recent } from '../reconfigure/moves.ts';
import type { ChangeFacts } from '../reconfigure/observe.ts';
import { isWell, migGeometry } from '../sharing/desired.ts';
import { placeOnFree } from './free.ts';
import type { Request } from './observe.ts';
import { type Proposal, propose } from './propose.ts';

const DEMAND_SECONDS = 60;
const MAX_CHANGES = 6;

/**
 * The cuts that waiting pods need, at most as many as nodes may be changed at a time. Demand that is younger than the
 * pool's `demandSeconds`, that free devices can serve, or that a change under way will serve, changes nothing.
 */
export function demandedTargets(
  pool: GPUPool,
  nodes: readonly ChangeFacts[],
  requests: readonly Request[],
  now: Date,
): readonly Target[] {
  const { sharing, reconfiguration } = pool.spec;
  if (sharing?.type !== 'MIG' || sharing.mig?.type !== 'Dynamic' || reconfiguration === undefined) return [];
  const { demandSeconds = DEMAND_SECONDS, maxChangesPerNodePerDay = MAX_CHANGES } = sharing.mig.dynamic ?? {};
  const settled = requests.filter(({ waitedSeconds }) => waitedSeconds >= demandSeconds);
  let { unmet, promised } = placeOnFree(settled, nodes);
  const fit = nodes.filter(
    (facts) => isFit(facts, now) && recent(facts.record.changes, now).length < maxChangesPerNodePerDay,
  );
  const targets: Target[] = [];
  const most = reconfiguration.maxUnavailableNodes ?? 1;
  while (targets.length < most && unmet.length > 0) {
    const open = fit.filter((facts) => !targets.some(({ facts: chosen }) => chosen === facts));
    const best = open
      .map((facts) => propose(facts, unmet, promised.get(facts.name), reconfiguration.uncertainPods === 'Drain'))
      .filter((proposal) => proposal !== undefined)
      .sort(better)[0];
    if (best === undefined) break;
    targets.push({ facts: best.facts, target: migGeometry(best.facts.cuts, best.layout) });
    unmet = unmet.filter((request) => !best.served.includes(request));
  }
  return targets;
}

/** More waiting served for less work lost; then fewer GPUs touched; then by name. */
function better(left: Proposal, right: Proposal): number {
  return (
    right.gain - right.cost - (left.gain - left.cost) ||
    left.changed - right.changed ||
    (left.facts.name < right.facts.name ? -1 : 1)
  );
}

/** Only a node that is well, that nobody else works on and whose GPUs can be cut. */
function isFit({ world, cuts, operation, record }: ChangeFacts, now: Date): boolean {
  if (operation !== undefined || !world.ready || world.unschedulable || world.owner !== undefined) return false;
  // Which of its cuts failed is known, why is not: another one may fail as well.
  const refused = record.refused !== undefined && Date.parse(record.refused.until) > now.getTime();
  return cuts.migCapable && isWell(cuts) && !refused;
}
