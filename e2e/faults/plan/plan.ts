import type { ClusterFault, WatchFault, WriteFault } from '../proxy/faults.ts';

/** What goes wrong in a plan. */
export type Injection =
  | {
      readonly kind: 'write';
      readonly fault: WriteFault;
      /** Names the write in the words of the journal. */
      readonly point: string;
    }
  | {
      readonly kind: 'watch';
      readonly fault: WatchFault;
      readonly resource: string;
      readonly object?: string;
      readonly occurrence?: number;
    }
  | {
      readonly kind: 'cluster';
      readonly fault: ClusterFault;
      readonly point: string;
    };

/** One fault at one point of one workload. */
export interface Plan {
  /** `workload/fault/number`: the same for the same code, so that it replays. */
  readonly id: string;
  readonly workload: string;
  readonly injection: Injection;
  /** Index of the step in which the point comes in a clean run. */
  readonly step: number;
}

/** What happened that must not. */
export interface Violation {
  readonly plan: string;
  readonly oracle: 'state' | 'counts' | 'writes' | 'silence' | 'crash' | 'leak' | 'checker';
  readonly object: string;
  readonly expected: string;
  readonly actual: string;
  /** The command that runs the plan alone. */
  readonly replay: string;
}

/** The outcome of one plan. */
export interface Result {
  readonly plan: Plan;
  /** Whether the fault met its point. */
  readonly fired: boolean;
  readonly violations: readonly Omit<Violation, 'plan' | 'replay'>[];
}

/** Plans of one group run together; groups run one after the other. */
export type Group = 'together' | 'streams' | 'alone' | 'slow';

/** Crashes and API servers that go away meet every plan that is under way, so they run alone; a broken stream meets those on it. */
export function groupOf({ injection }: Plan): Group {
  if (injection.kind === 'watch' && injection.fault !== 'swallow') {
    // A stream that is silent holds up everybody on it, and plans that silence one after the other would add up.
    return injection.fault === 'blackhole' ? 'alone' : 'streams';
  }
  if (injection.kind === 'cluster') return 'alone';
  // A request that hangs holds up its whole controller for as long as its time limit is.
  if (injection.fault === 'hang') return 'slow';
  if (injection.kind === 'watch') return 'together';
  return injection.fault.startsWith('kill') || injection.fault === 'away' ? 'alone' : 'together';
}
