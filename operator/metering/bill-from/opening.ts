import type { Pod } from '../../kube/index.ts';

/** While a namespace counts from the start of containers: later than any moment that a pod tells. Milliseconds since 1970. */
export const neverBound = Date.UTC(9999, 0);
/** Where nobody ever counted from the start. Milliseconds since 1970. */
export const alwaysBound = 0;

/** Moments of a pod in milliseconds since 1970. */
export interface Moments {
  readonly bind: number;
  /** The first start of a container; absent before. */
  readonly start?: number;
  /** The end of the pod, or the moment of the pass while it runs. */
  readonly until: number;
}

/**
 * From when a pod counts; undefined while it does not. `boundFrom` is since when its namespace counts from the bind: what
 * waited before that pays from then, or from its start if that came first. So a change of plan never takes back what a
 * tenant was free of. Milliseconds since 1970.
 */
export function opensAt({ bind, start, until }: Moments, boundFrom: number): number | undefined {
  const at = Math.max(bind, Math.min(start ?? neverBound, boundFrom));
  return at > Math.max(bind, until) ? undefined : at;
}

/**
 * The earliest start that the containers of a pod tell, in milliseconds since 1970, not before its bind nor after `until`:
 * kubelets have clocks of their own. Init containers do not count. A container that could not be started has 1970 or no
 * time at all, and one that was restarted tells only its last start.
 */
export function startOf(pod: Pod, bind: number, until: number): number | undefined {
  const texts = (pod.status?.containerStatuses ?? []).flatMap(
    ({ state }) => state?.running?.startedAt ?? state?.terminated?.startedAt ?? [],
  );
  const times = texts.map((text) => Date.parse(text)).filter((time) => time > 0);
  return times.length === 0 ? undefined : Math.min(Math.max(Math.min(...times), bind), Math.max(until, bind));
}
