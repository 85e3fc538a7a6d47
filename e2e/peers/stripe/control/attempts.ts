import type { State } from '../state/state.ts';

/** Notes what became of a call for each identifier that it carried. */
export function note(state: State, identifiers: readonly string[], outcome: string): void {
  for (const id of identifiers) {
    const before = state.get('attempts', id) ?? { id, count: 0, outcomes: {} };
    const outcomes = { ...before.outcomes, [outcome]: (before.outcomes[outcome] ?? 0) + 1 };
    state.put('attempts', { id, count: before.count + 1, outcomes });
  }
}

/** The identifiers that a call of an event route carries, and the customers and meters that it is about. */
export function carried(route: string | undefined, given: ReadonlyMap<string, unknown>): Carried {
  if (route?.endsWith('/meter_event_stream')) {
    return { identifiers: Object.values(Object(given.get('events'))).flatMap(identifierOf), usage: [] };
  }
  if (!route?.endsWith('/meter_events')) return { identifiers: [], usage: [] };
  const payload: unknown = given.get('payload');
  const usage = `${String(given.get('event_name'))} ${JSON.stringify(payload, withoutValue)}`;
  return { identifiers: identifierOf(Object.fromEntries(given)), usage: [usage] };
}

/** What a call carries. */
export interface Carried {
  readonly identifiers: readonly string[];
  readonly usage: readonly string[];
}

function withoutValue(key: string, value: unknown): unknown {
  return key === 'value' ? undefined : value;
}

function identifierOf(event: unknown): readonly string[] {
  const identifier: unknown =
    typeof event === 'object' && event !== null ? Reflect.get(event, 'identifier') : undefined;
  return typeof identifier === 'string' ? [identifier] : [];
}
