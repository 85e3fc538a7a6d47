import { type FaultPlan, parsePlan } from './faults.ts';
import type { Memory } from './memory.ts';
import { seedCustomer } from './objects.ts';
import type { PeerClock } from './peer-clock.ts';
import { Refusal } from './refusal.ts';

/** What the peer's own routes under /_peer/ act on. */
export interface Control {
  readonly memory: Memory;
  readonly clock: PeerClock;
  readonly faults: FaultPlan;
  /** How the key is treated: good, unknown (401) or without permission (403). */
  readonly key: { state: 'good' | 'revoked' | 'restricted' };
}

/** Answers /_peer/truth, /_peer/clock, /_peer/faults, /_peer/key and /_peer/customers. */
export function control(method: string, path: string, body: unknown, { memory, clock, faults, key }: Control): object {
  switch (`${method} ${path}`) {
    case 'GET /_peer/truth':
      return truth(memory);
    case 'POST /_peer/clock':
      moveClock(clock, body);
      memory.write({ kind: 'clock', ahead: clock.ahead });
      return { now: clock.seconds() };
    case 'POST /_peer/faults':
      faults.replace(parsePlan(body));
      return { accepted: true };
    case 'POST /_peer/key':
      key.state = keyState(body);
      return { state: key.state };
    case 'POST /_peer/customers':
      seedCustomer(memory, field(body, 'id'), clock.seconds());
      return { id: field(body, 'id') };
    default:
      throw new Refusal(404, `no such route of the peer: ${method} ${path}`);
  }
}

/** Everything that was accepted, and the sums that would be billed, as exact integers in text. */
function truth(memory: Memory): object {
  const sums = new Map<string, { customer: string; eventName: string; value: bigint }>();
  for (const { customer, event_name, value, voided, rejected } of memory.events) {
    if (voided || rejected !== undefined) continue;
    const name = `${customer} ${event_name}`;
    const before = sums.get(name)?.value ?? 0n;
    sums.set(name, { customer, eventName: event_name, value: before + BigInt(value) });
  }
  return {
    events: memory.events.map((event) => ({ ...event, hour: event.timestamp - (event.timestamp % 3600) })),
    sums: [...sums.values()].map(({ customer, eventName, value }) => ({
      customer,
      eventName,
      value: value.toString(),
    })),
  };
}

function moveClock(clock: PeerClock, body: unknown): void {
  const advance = numberIn(body, 'advanceSeconds');
  const now = numberIn(body, 'now');
  if (advance === undefined && now === undefined) {
    throw new Refusal(400, 'say {"advanceSeconds": N} or {"now": unix seconds}');
  }
  if (advance !== undefined) clock.advance(advance);
  if (now !== undefined) clock.set(now);
}

function numberIn(body: unknown, name: string): number | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Reflect.get(body, name);
  return typeof value === 'number' ? value : undefined;
}

function field(body: unknown, name: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  if (typeof value !== 'string' || value === '') throw new Refusal(400, `say {"${name}": "…"}`);
  return value;
}

function keyState(body: unknown): Control['key']['state'] {
  const state = field(body, 'state');
  if (state === 'good' || state === 'revoked' || state === 'restricted') return state;
  throw new Refusal(400, `state "${state}" must be good, revoked or restricted`);
}
