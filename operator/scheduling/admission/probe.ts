import type { Clock, Logger } from '../../observability/index.ts';
import { type Check, Forbidden, type Runnable } from '../../runtime/index.ts';

/** What the probe asks, and where it says what it found. */
export interface GateProbeParts {
  /** The plural names that the API server serves in a group and version. */
  readonly resources: (group: string, version: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Whether this process serves the webhooks that do the same. */
  readonly webhooks: 'on' | 'off';
  readonly clock: Clock;
  readonly log: Logger;
}

const group = 'admissionregistration.k8s.io';
/** An API server that is upgraded may bring the policies. */
const againMillis = 60_000;
/** One that did not answer is asked again soon: readiness waits for it. */
const retryMillis = 2_000;

/** What nothing does in this cluster; undefined when policies or webhooks do it. */
export function missingMeans(served: readonly string[], webhooks: 'on' | 'off'): string | undefined {
  if (webhooks === 'on' || served.includes('mutatingadmissionpolicies')) return undefined;
  return `this cluster serves no mutatingadmissionpolicies.${group}/v1 and webhooks are off, so GPU pods of tenants are not gated: install with config/webhooks, see docs/operations.md`;
}

/** Finds out once, and again while something is missing, what this cluster can gate pods with; says so in log and readiness. */
export function createGateProbe({ clock, log, resources, webhooks }: GateProbeParts): {
  readonly check: Check;
  readonly runnable: Runnable;
} {
  let problem: string | undefined = 'not asked yet';
  const ask = async (
    signal: AbortSignal,
  ): Promise<{ readonly missing: string | undefined; readonly pause: number }> => {
    try {
      return { missing: missingMeans(await resources(group, 'v1', signal), webhooks), pause: againMillis };
    } catch (error) {
      // Whoever may not ask cannot know; that alone is no reason not to be ready.
      if (error instanceof Forbidden) return { missing: undefined, pause: againMillis };
      const why = error instanceof Error ? error.message : String(error);
      return { missing: `the API server does not say what it serves: ${why}`, pause: retryMillis };
    }
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    let said: string | undefined;
    while (problem !== undefined) {
      const { missing, pause } = await ask(signal);
      if (signal.aborted) return;
      problem = missing;
      if (problem !== undefined && problem !== said) log.error({}, problem);
      said = problem;
      if (problem !== undefined) await clock.sleep(pause, signal).catch(() => undefined);
    }
  };
  return {
    check: { name: 'pod-gate', check: () => problem },
    runnable: { name: 'pod-gate', where: 'everywhere', run },
  };
}
