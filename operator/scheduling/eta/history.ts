import { controllerOf, type Pod, Pod as PodKind } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { PLAN_LABEL } from '../names.ts';
import type { RunTime } from '../planner/index.ts';
import { declaredMillis, startedAt } from '../run-time.ts';
import { runTimeOf } from './quantiles.ts';

/** Index of pods that this operator placed and that have ended well, by what made them. */
export const ENDED_BY_OWNER = 'scheduling/ended';

/** How long the pods of a gang are expected to run. */
export type RunTimesOf = (pods: readonly Pod[]) => RunTime | undefined;

/** The values of the index ENDED_BY_OWNER. */
export function endedOwner(pod: Pod): readonly string[] {
  const owner = pod.metadata.labels?.[PLAN_LABEL] === undefined ? undefined : ownerOf(pod);
  return owner === undefined || ranMillis(pod) === undefined ? [] : [owner];
}

/** What made a pod, without the numbers that tell the runs of a CronJob or the parts of a JobSet apart. */
function ownerOf(pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  return owner === undefined
    ? undefined
    : `${pod.metadata.namespace}/${owner.kind}/${owner.name.replace(/(-\d+)+$/, '')}`;
}

/** How long a pod ran that has ended well, in milliseconds. */
function ranMillis(pod: Pod): number | undefined {
  const from = startedAt(pod);
  if (pod.status?.phase !== 'Succeeded' || from === undefined) return undefined;
  const ends = (pod.status.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''));
  const last = Math.max(...ends.filter((end) => !Number.isNaN(end)));
  return last > from ? last - from : undefined;
}

/**
 * How long gangs run: as they declare it, or as long as pods of the same owner ran that the cluster still has. Nothing is
 * kept beside them, so what is deleted is forgotten and only makes the answer wider or keeps it away.
 */
export function createRunTimesOf(reader: Reader): RunTimesOf {
  const known = new Map<string, RunTime | undefined>();
  const learned = (pod: Pod): RunTime | undefined => {
    const owner = ownerOf(pod);
    if (owner === undefined) return undefined;
    if (!known.has(owner)) {
      const ended = reader.list(PodKind, { index: { name: ENDED_BY_OWNER, value: owner } });
      known.set(owner, runTimeOf(ended.map(ranMillis).filter((millis) => millis !== undefined)));
    }
    return known.get(owner);
  };
  return (pods) => longest(pods.map((pod) => declaredRun(pod) ?? learned(pod)));
}

function declaredRun(pod: Pod): RunTime | undefined {
  const millis = declaredMillis(pod);
  return millis === undefined ? undefined : { p50: millis, p90: millis, basis: 'declared' };
}

/** A gang runs as long as the longest of its pods; of one of which nothing is known nothing is known. */
function longest(runs: readonly (RunTime | undefined)[]): RunTime | undefined {
  const known = runs.filter((one) => one !== undefined);
  if (known.length === 0 || known.length < runs.length) return undefined;
  return known.reduce((most, one) => (one.p90 > most.p90 ? one : most));
}
