import { ConfigMap, seconds } from '../../kube/index.ts';
import type { Clock } from '../../observability/index.ts';
import type { Context, Permission, Reader } from '../../runtime/index.ts';
import { endedRuns } from './history.ts';
import { lastRuns, parseRuns, type Runs, runsText } from './runs.ts';

/** ConfigMap in the operator's namespace with the run times of pods that are gone. Losing it only makes answers wider. */
export const RUN_TIMES = 'gpuopt-run-times';

/** Least time between two looks at it: a pod that is gone sooner after its end is not remembered. */
const EVERY_MILLIS = seconds(30);

/** The right to keep them. */
export const runTimesPermission: Permission = {
  group: '',
  resource: 'configmaps',
  verbs: ['get', 'create', 'patch'],
  in: 'operator',
  why: 'keeps how long pods ran that are gone',
};

/** How long pods ran, beyond the life of the pods and of the process. */
export interface RunRecord {
  /** What is known now. */
  readonly known: () => Runs;
  /** Adds what has ended to what is kept, when it is time to. It never rejects: without it, the plan knows less. */
  readonly keep: (ctx: Pick<Context, 'apply' | 'list' | 'live' | 'log'>) => Promise<void>;
}

/** A record that has not been read yet. What is kept is read anew each time, so nothing of another leader is lost. */
export function createRunRecord(clock: Pick<Clock, 'monotonic'>, namespace: string): RunRecord {
  let known: Runs = new Map();
  let last: number | undefined;
  return {
    known: () => known,
    keep: async (ctx) => {
      if (last !== undefined && clock.monotonic() - last < EVERY_MILLIS) return;
      last = clock.monotonic();
      try {
        const found = await ctx.live.get(ConfigMap, { namespace, name: RUN_TIMES });
        const before = found?.data?.runs ?? '';
        known = lastRuns(parseRuns(before), endedRuns(ctx));
        const runs = runsText(known);
        if (runs === before) return;
        await ctx.apply(ConfigMap, { metadata: { namespace, name: RUN_TIMES }, data: { runs } }, { owner: 'none' });
      } catch (error) {
        ctx.log.warn({ err: error }, `how long pods run is not kept in ConfigMap ${namespace}/${RUN_TIMES}`);
      }
    },
  };
}

/** The runs that a command found among what it read. */
export function runsAmong(reader: Pick<Reader, 'list'>): Runs {
  return parseRuns(reader.list(ConfigMap).find(({ metadata }) => metadata.name === RUN_TIMES)?.data?.runs);
}
