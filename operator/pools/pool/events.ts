import { type GPUPool, kinds } from '../../api/index.ts';
import type { EventIntent } from '../../runtime/index.ts';
import type { Finding } from './decide.ts';

/** The event of a finding, or none where the condition says enough. */
export function eventFor(pool: GPUPool, finding: Finding): EventIntent | undefined {
  if (finding.kind !== 'NodesClaimed') return undefined;
  const [first] = finding.nodes;
  return {
    regarding: pool,
    kind: kinds.GPUPool,
    type: 'Warning',
    reason: 'GPUPoolNodeConflict',
    action: 'SelectNodes',
    note: `${finding.nodes.length} node(s), the first ${first?.node}, also belong to the older pool ${first?.to}, which keeps them.`,
    dedupeKey: `${pool.metadata.uid}/GPUPoolNodeConflict`,
  };
}
