import { Refusal } from './refusal.ts';

/** What can go wrong on the way: before or after the peer has accepted. */
export const faultNames = [
  'drop-before-accept',
  'accept-then-drop',
  '500-before-accept',
  '500-after-accept',
  '409',
  '429',
  'slow',
] as const;

/** One fault of the plan: it strikes the nth call (from 1, counted from when the plan was given) of a route. */
export interface Fault {
  /** `POST /v1/billing/meter_events`; a star stands for an id. */
  readonly route: string;
  readonly nth: number;
  readonly fault: (typeof faultNames)[number];
  /** For `slow`: how long the answer waits, default 2000. */
  readonly delayMs?: number;
}

/** The ordered plan of faults. */
export class FaultPlan {
  #plan: readonly Fault[] = [];
  readonly #calls = new Map<string, number>();

  /** Replaces the plan and counts calls from zero. */
  replace(plan: readonly Fault[]): void {
    this.#plan = plan;
    this.#calls.clear();
  }

  /** The fault that strikes this call, if any. */
  next(route: string): Fault | undefined {
    const call = (this.#calls.get(route) ?? 0) + 1;
    this.#calls.set(route, call);
    return this.#plan.find((fault) => fault.route === route && fault.nth === call);
  }
}

/** Reads a plan from JSON: `{"plan": [{"route": …, "nth": 1, "fault": …}]}`. */
export function parsePlan(value: unknown): readonly Fault[] {
  const plan = typeof value === 'object' && value !== null && 'plan' in value ? value.plan : undefined;
  if (!Array.isArray(plan) || !plan.every(isFault)) {
    throw new Refusal(400, `plan must be a list of {route, nth, fault}; fault is one of ${faultNames.join(', ')}`);
  }
  return plan;
}

function isFault(value: unknown): value is Fault {
  if (typeof value !== 'object' || value === null) return false;
  if (!('route' in value) || !('nth' in value) || !('fault' in value)) return false;
  return (
    typeof value.route === 'string' && typeof value.nth === 'number' && faultNames.some((name) => name === value.fault)
  );
}
