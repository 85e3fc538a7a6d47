import { controllerOf, type Pod, Pod as PodKind } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { PLAN_LABEL } from '../names.ts';
import type { RunTime } from '../planner/index.ts';
import { declaredMillis, startedAt } from '../run-time.ts';
import { runTimeOf } from './quantiles.ts';
import { type Run, type Runs, union } from './runs.ts';

/** Index of pods that this operator placed and that have ended well, by what made them, and all of them under ANY_OWNER. */
export const ENDED_BY_OWNER = 'scheduling/ended';
const ANY_OWNER = '';
/** Characters of a pod's uid by which its run is known among those of its owner. */
const ID_CHARACTERS = 8;

/** How long the pods of a gang are expected to run. */
export type RunTimesOf = (pods: readonly Pod[]) => RunTime | undefined;

/** The values of the index ENDED_BY_OWNER. */
export function endedOwner(pod: Pod): readonly string[] {
  const owner = pod.metadata.labels?.[PLAN_LABEL] === undefined ? undefined : ownerOf(pod);
  return owner === undefined || runOf(pod) === undefined ? [] : [owner, ANY_OWNER];
}

/** The runs of the pods that have ended and are still there. */
export function endedRuns(reader: Pick<Reader, 'list'>): Runs {
  const ended = reader.list(PodKind, { index: { name: ENDED_BY_OWNER, value: ANY_OWNER } });
  return new Map(
    [...Map.groupBy(ended, (pod) => ownerOf(pod) ?? '')].map(([owner, pods]) => [owner, pods.flatMap(runsOf)]),
  );
}

/** What made a pod, without the numbers that tell the runs of a CronJob or the parts of a JobSet apart. */
function ownerOf(pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  return owner === undefined
    ? undefined
    : `${pod.metadata.namespace}/${owner.kind}/${owner.name.replace(/(-\d+)+$/, '')}`;
}

/** The run of a pod that has ended well. */
function runOf(pod: Pod): Run | undefined {
  const from = startedAt(pod);
  if (pod.status?.phase !== 'Succeeded' || from === undefined) return undefined;
  const ends = (pod.status.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''));
  const last = Math.max(...ends.filter((end) => !Number.isNaN(end)));
  if (last <= from) return undefined;
  const id = (pod.metadata.uid ?? '').slice(0, ID_CHARACTERS);
  return { id, ended: last / 1000, seconds: (last - from) / 1000 };
}

function runsOf(pod: Pod): readonly Run[] {
  const run = runOf(pod);
  return run === undefined ? [] : [run];
}

/** How long gangs run: as they declare it, or as long as pods of the same owner ran, by what is kept and still there. */
export function createRunTimesOf(reader: Reader, kept: Runs = new Map()): RunTimesOf {
  const known = new Map<string, RunTime | undefined>();
  const learned = (pod: Pod): RunTime | undefined => {
    const owner = ownerOf(pod);
    if (owner === undefined) return undefined;
    if (!known.has(owner)) {
      const ended = reader.list(PodKind, { index: { name: ENDED_BY_OWNER, value: owner } });
      const runs = union([...(kept.get(owner) ?? []), ...ended.flatMap(runsOf)]);
      known.set(owner, runTimeOf(runs.map(({ seconds }) => seconds * 1000)));
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
