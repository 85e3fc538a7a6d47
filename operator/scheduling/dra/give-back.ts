import { Pod, type ResourceClaim } from '../../kube/index.ts';
import { isFinished } from '../../pools/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { isGated } from '../pod-state.ts';
import { ALLOCATED_FOR } from './allocation.ts';
import type { ClaimFacts } from './claims.ts';

/**
 * Claims of ours that nobody reserved and whose pod will not come: it is gone, has ended, or waits again. Without this a
 * claim that pods name would hold its devices for ever; one made for a pod goes with its pod, and Kubernetes clears it.
 * `waiting` are the uids of the pods that this pass could not place.
 */
export function claimsToGiveBack(
  reader: Pick<Reader, 'get'>,
  claims: Iterable<ClaimFacts>,
  waiting: ReadonlySet<string>,
): readonly ResourceClaim[] {
  return [...claims]
    .map(({ claim }) => claim)
    .filter((claim) => {
      const { annotations, deletionTimestamp, namespace } = claim.metadata;
      const mark = annotations?.[ALLOCATED_FOR];
      if (mark === undefined || deletionTimestamp !== undefined || (claim.status?.reservedFor ?? []).length > 0) {
        return false;
      }
      const [name = '', uid = ''] = mark.split('/');
      const pod = reader.get(Pod, { namespace, name });
      if (pod === undefined || pod.metadata.uid !== uid || isFinished(pod)) return true;
      return isGated(pod) && waiting.has(uid);
    });
}
