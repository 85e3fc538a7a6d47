import type { Clock } from '../../observability/index.ts';
import type { UsageSink } from './sink.ts';

/** An open way to a provider. */
export interface SinkEntry {
  readonly sink: UsageSink;
  /** Events whose meters the provider has: others would be rejected for good, so they wait. */
  readonly eventNames: readonly string[];
  readonly requestsPerSecond: number;
  /** Resolves when the next call may be made: calls are spread over the second. */
  pace(signal: AbortSignal): Promise<void>;
  /** The same for reading sums, of which fewer may be asked for. */
  paceReads(signal: AbortSignal): Promise<void>;
  /** The largest difference of an hour, in GPU-seconds, that is corrected without a person. */
  readonly correctUpTo: bigint;
}

/** Stripe answers 25 reads of one endpoint a second [D]; a slower pace set by the admin holds for both. */
const mostReadsPerSecond = 25;

/** A day of one GPU: a lost, doubled or altered row of most tenants; more of it deserves a look by a person. */
export const defaultCorrectUpTo = 86_400n;

/** The sinks of one process, filled by the BillingProvider controller and used by the sender. */
export interface Sinks {
  set(
    provider: string,
    sink: UsageSink,
    eventNames: readonly string[],
    requestsPerSecond: number,
    correctUpTo?: bigint,
  ): void;
  remove(provider: string): void;
  /** No more calls until `set`: the provider does not accept the key. */
  pause(provider: string, reason: string): void;
  /** Why the provider is paused. */
  paused(provider: string): string | undefined;
  open(): readonly (readonly [string, SinkEntry])[];
}

/** An empty registry. */
export function createSinks(clock: Clock): Sinks {
  const entries = new Map<string, SinkEntry>();
  const pauses = new Map<string, string>();
  const rates = new Map<string, Pacer>();
  const reads = new Map<string, Pacer>();
  const pacer = (of: Map<string, Pacer>, provider: string, rate: number): Pacer => {
    const known = of.get(provider);
    const paced = known?.rate === rate ? known : createPacer(clock, rate);
    of.set(provider, paced);
    return paced;
  };
  return {
    set: (provider, sink, eventNames, requestsPerSecond, correctUpTo = defaultCorrectUpTo) => {
      const { pace } = pacer(rates, provider, requestsPerSecond);
      const { pace: paceReads } = pacer(reads, provider, Math.min(mostReadsPerSecond, requestsPerSecond));
      entries.set(provider, { sink, eventNames, requestsPerSecond, pace, paceReads, correctUpTo });
      pauses.delete(provider);
    },
    remove: (provider) => {
      entries.delete(provider);
      pauses.delete(provider);
    },
    pause: (provider, reason) => {
      entries.delete(provider);
      pauses.set(provider, reason);
    },
    paused: (provider) => pauses.get(provider),
    open: () => [...entries],
  };
}

interface Pacer {
  readonly rate: number;
  readonly pace: (signal: AbortSignal) => Promise<void>;
}

function createPacer(clock: Clock, rate: number): Pacer {
  const gap = 1000 / rate;
  let next = 0;
  const pace = async (signal: AbortSignal): Promise<void> => {
    const now = clock.monotonic();
    const at = Math.max(next, now);
    next = at + gap;
    if (at > now) await clock.sleep(at - now, signal);
  };
  return { rate, pace };
}
