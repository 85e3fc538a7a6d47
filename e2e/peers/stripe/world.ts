import type { FaultPlan } from './control/faults.ts';
import type { MeterLedger } from './metering/ledger.ts';
import type { PeerSettings } from './settings.ts';
import type { State } from './state/state.ts';
import type { PeerClock } from './time/clock.ts';
import type { Timers } from './time/timers.ts';

/** Everything that the peer's rules work with. */
export interface World {
  readonly state: State;
  readonly clock: PeerClock;
  readonly timers: Timers;
  readonly ledger: MeterLedger;
  readonly faults: FaultPlan;
  readonly settings: PeerSettings;
  /** Where pages that the peer answers with point to: its own address. */
  readonly address: () => string;
}

/** Seconds since 1970 for an object: those of its test clock when it has one. */
export function now({ state, clock }: World, testClock?: string | null): number {
  if (testClock === undefined || testClock === null) return clock.seconds();
  return state.get('test_clock', testClock)?.frozen_time ?? clock.seconds();
}
