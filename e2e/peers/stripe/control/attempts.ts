import type { State } from '../state/state.ts';

/** Notes what became of a call for each identifier that it carried. */
export function note(state: State, identifiers: readonly string[], outcome: string): void {
  for (const id of identifiers) {
    const before = state.get('attempts', id) ?? { id, count: 0, outcomes: {} };
    const outcomes = { ...before.outcomes, [outcome]: (before.outcomes[outcome] ?? 0) + 1 };
    state.put('attempts', { id, count: before.count + 1, outcomes });
  }
}

/** What a call carries. */
export interface Carried {
  readonly identifiers: readonly string[];
  /** The customer and meter that it is about, of which one call may be on its way. */
  readonly usage: readonly string[];
}

/** What a call of an event route carries. */
export function carried(state: State, route: string | undefined, given: ReadonlyMap<string, unknown>): Carried {
  if (route?.endsWith('/meter_event_stream')) {
    return { identifiers: Object.values(Object(given.get('events'))).flatMap(identifierOf), usage: [] };
  }
  if (!route?.endsWith('/meter_events')) return { identifiers: [], usage: [] };
  const eventName = String(given.get('event_name'));
  const meter = state.all('meter').find(({ event_name, status }) => event_name === eventName && status === 'active');
  const customer: unknown = Reflect.get(Object(given.get('payload')), meter?.customer_mapping.event_payload_key ?? '');
  return { identifiers: identifierOf(Object.fromEntries(given)), usage: [`${eventName} ${String(customer)}`] };
}

function identifierOf(event: unknown): readonly string[] {
  const identifier: unknown =
    typeof event === 'object' && event !== null ? Reflect.get(event, 'identifier') : undefined;
  return typeof identifier === 'string' ? [identifier] : [];
}
