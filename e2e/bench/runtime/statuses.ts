import { until } from '../api.ts';
import { ASSEMBLIES } from './objects.ts';
import type { RuntimeWorld } from './world.ts';

/** As much of an assembly as the watch reads. */
interface Watched {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion?: string };
  readonly status?: { readonly observedGeneration?: number };
}

/** When the status of each assembly was seen to tell of which generation. */
export interface Statuses {
  /** Resolves with the time (performance.now) at which the status told of this generation or a later one. */
  seen(name: string, generation: number): Promise<number>;
  /** Resolves with the time of the last status, once so many assemblies have one. */
  count(assemblies: number, timeoutMillis: number): Promise<number>;
  close(): Promise<void>;
}

const SEEN_MILLIS = 120_000;
const POLL_MILLIS = 5;
const COUNT_POLL_MILLIS = 50;

/** Watches the statuses of all assemblies from now on; those there already count too. */
export function watchStatuses(world: RuntimeWorld): Statuses {
  const times = new Map<string, { readonly generation: number; readonly at: number }>();
  const end = new AbortController();
  const signal = AbortSignal.any([world.signal, end.signal]);
  let last = performance.now();
  let broken: unknown;
  const take = ({ metadata, status }: Watched): void => {
    const generation = status?.observedGeneration;
    if (generation === undefined || generation <= (times.get(metadata.name)?.generation ?? 0)) return;
    last = performance.now();
    times.set(metadata.name, { generation, at: last });
  };
  const watching = follow(world, signal, take).catch((error: unknown) => {
    if (!signal.aborted) broken = error;
  });
  const ask = async <T>(answer: () => T | undefined): Promise<T | undefined> => {
    if (broken !== undefined) throw broken;
    return answer();
  };
  return {
    seen: (name, generation) => {
      const known = (): number | undefined => {
        const found = times.get(name);
        return found !== undefined && found.generation >= generation ? found.at : undefined;
      };
      const what = `the status of ${name} tells of generation ${generation}`;
      return until(what, SEEN_MILLIS, world.signal, () => ask(known), POLL_MILLIS);
    },
    count: (assemblies, timeoutMillis) => {
      const all = (): number | undefined => (times.size >= assemblies ? last : undefined);
      return until(
        `${assemblies} assemblies have a status`,
        timeoutMillis,
        world.signal,
        () => ask(all),
        COUNT_POLL_MILLIS,
      );
    },
    close: async () => {
      end.abort();
      await watching;
    },
  };
}

/** A server that is busy ends watches it cannot feed in time; then the next one begins with the state of all. */
async function follow(world: RuntimeWorld, signal: AbortSignal, take: (object: Watched) => void): Promise<void> {
  while (!signal.aborted) {
    for await (const { type, object } of world.api.watchWhole<Watched>(`${ASSEMBLIES}?watch=true`, signal)) {
      if (type === 'ADDED' || type === 'MODIFIED') take(object);
    }
  }
}
