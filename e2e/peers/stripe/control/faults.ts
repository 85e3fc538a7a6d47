import { randomFrom } from '../../random.ts';
import { conflict } from '../http/refusal.ts';

/** What can go wrong with a call, before or after the peer has taken it, and later. */
export const callFaults = [
  'drop-before-accept',
  'accept-then-drop',
  '500-before-accept',
  '500-after-accept',
  'timeout-before-accept',
  'timeout-after-accept',
  '409',
  '429',
  'slow',
  'async-reject',
  'summary-lag',
  'expire-session',
] as const;

/** What can go wrong with a webhook. */
export const webhookFaults = ['lose', 'repeat', 'reorder', 'delay'] as const;

/** The name of a fault. */
export type FaultName = (typeof callFaults)[number] | (typeof webhookFaults)[number];

/** One fault of the plan: it strikes the nth call (from 1, counted from when the plan was given) of a route. */
export interface Fault {
  /** `POST /v1/billing/meter_events`, a star for an id; or `WEBHOOK invoice.paid`, `WEBHOOK *` for any. */
  readonly route: string;
  readonly nth: number;
  readonly fault: FaultName;
  /** For `slow`: how long the answer waits, default 2000. */
  readonly delayMs?: number;
  /** For `429`: the Retry-After header, absent by default. */
  readonly retryAfterSeconds?: number;
  /** For `async-reject`: the code of the report, default `meter_event_invalid_value`. */
  readonly code?: string;
  /** For `summary-lag` (default 120) and `delay` (default 60). */
  readonly seconds?: number;
}

const lagSeconds = 120;

/** The plan of faults. */
export class FaultPlan {
  #plan = new Map<string, Fault>();
  readonly #calls = new Map<string, number>();
  #current: Fault | undefined;

  /** Replaces the plan and counts calls from zero. */
  replace(plan: readonly Fault[]): void {
    this.#plan = new Map(plan.map((fault) => [`${fault.route} ${fault.nth}`, fault]));
    this.#calls.clear();
  }

  /** The fault that strikes this call, if any. */
  next(route: string): Fault | undefined {
    const call = (this.#calls.get(route) ?? 0) + 1;
    this.#calls.set(route, call);
    return this.#plan.get(`${route} ${call}`);
  }

  /** The fault that strikes this webhook, if any. */
  nextWebhook(type: string): Fault | undefined {
    const own = this.next(`WEBHOOK ${type}`);
    return this.next('WEBHOOK *') ?? own;
  }

  /** Does a call's work under its fault: what happens inside may ask for it. */
  during<R>(fault: Fault | undefined, work: () => R): R {
    this.#current = fault;
    try {
      return work();
    } finally {
      this.#current = undefined;
    }
  }

  /** The code by which the event of this call is to be rejected later. */
  takeAsyncReject(): string | undefined {
    return this.#current?.fault === 'async-reject' ? (this.#current.code ?? 'meter_event_invalid_value') : undefined;
  }

  /** The session of this call is to be over. */
  takeExpireSession(): boolean {
    return this.#current?.fault === 'expire-session';
  }

  /** Seconds by which the summaries of this call are late. */
  summaryLag(): number {
    return this.#current?.fault === 'summary-lag' ? (this.#current.seconds ?? lagSeconds) : 0;
  }
}

const names: readonly string[] = [...callFaults, ...webhookFaults];

/** Reads a plan: `{"plan": [{route, nth, fault}]}`, `{"random": {route, calls, share, seed, faults}}`, or both. */
export function parsePlan(value: unknown): readonly Fault[] {
  if (typeof value !== 'object' || value === null) throw conflict('say {"plan": [...]} or {"random": {...}}');
  const plan: unknown = Reflect.get(value, 'plan') ?? [];
  if (!Array.isArray(plan) || !plan.every(isFault)) {
    throw conflict(`plan must be a list of {route, nth, fault}; fault is one of ${names.join(', ')}`);
  }
  const random: unknown = Reflect.get(value, 'random');
  return random === undefined ? plan : [...plan, ...drawn(random)];
}

/** Reads a fault of the command line: `ROUTE#NTH=FAULT`. */
export function parseFault(text: string): Fault {
  const [, route = '', nth = '', fault = ''] = /^(.+)#(\d+)=(\S+)$/.exec(text) ?? [];
  const read: unknown = { route, nth: Number(nth), fault };
  if (isFault(read)) return read;
  throw conflict(`fault "${text}" must be ROUTE#NTH=FAULT, such as "POST /v1/billing/meter_events#3=accept-then-drop"`);
}

function isFault(value: unknown): value is Fault {
  if (typeof value !== 'object' || value === null) return false;
  if (!('route' in value) || !('nth' in value) || !('fault' in value)) return false;
  const isKnown = names.some((name) => name === value.fault);
  return typeof value.route === 'string' && typeof value.nth === 'number' && value.nth > 0 && isKnown;
}

/** A share of the first calls of a route, drawn from a seed: the same seed strikes the same calls. */
function drawn(value: unknown): readonly Fault[] {
  const { route, calls, share, seed, faults }: Record<string, unknown> = { ...Object(value) };
  const isRead = typeof route === 'string' && typeof calls === 'number' && typeof share === 'number';
  if (!isRead || typeof seed !== 'number' || !Array.isArray(faults) || faults.length === 0) {
    throw conflict('random must be {route, calls, share, seed, faults: [names]}');
  }
  const next = randomFrom(seed);
  return Array.from({ length: calls }, (_, index) => {
    const strikes = next() < share;
    const fault = { route, nth: index + 1, fault: faults[Math.floor(next() * faults.length)] };
    if (!isFault(fault)) throw conflict(`faults must be names of ${names.join(', ')}`);
    return strikes ? [fault] : [];
  }).flat();
}
