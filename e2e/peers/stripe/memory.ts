import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** A meter. */
export interface Meter {
  readonly id: string;
  readonly event_name: string;
  readonly display_name: string;
  readonly formula: string;
  readonly customerKey: string;
  readonly valueKey: string;
  readonly created: number;
  readonly status: 'active' | 'inactive';
}

/** An accepted meter event. */
export interface MeterEvent {
  readonly identifier: string;
  readonly event_name: string;
  readonly meter: string;
  readonly customer: string;
  /** A whole number, as text. */
  readonly value: string;
  readonly timestamp: number;
  /** When the peer accepted it, in seconds. */
  readonly received: number;
  readonly voided: boolean;
  /** Why it counts for nothing although it was accepted: Stripe checks customers later. */
  readonly rejected?: string;
}

/** Customers, products, prices: stored and given back. */
export interface StoredObject {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly [field: string]: unknown;
}

/** An answer kept under an idempotency key. */
export interface Replay {
  readonly key: string;
  readonly request: string;
  readonly status: number;
  readonly body: object;
  readonly at: number;
}

type Entry =
  | { readonly kind: 'meter'; readonly value: Meter }
  | { readonly kind: 'event'; readonly value: MeterEvent }
  | { readonly kind: 'void'; readonly identifier: string; readonly event_name: string }
  | { readonly kind: 'object'; readonly value: StoredObject }
  | { readonly kind: 'replay'; readonly value: Replay }
  | { readonly kind: 'clock'; readonly ahead: number };

/** What the peer remembers. With a journal file it survives a restart. */
export class Memory {
  readonly meters = new Map<string, Meter>();
  readonly objects = new Map<string, StoredObject>();
  readonly replays = new Map<string, Replay>();
  events: readonly MeterEvent[] = [];
  ahead = 0;
  /** The last acceptance of each identifier, in seconds. */
  readonly identifiers = new Map<string, number>();
  readonly #journal: string | undefined;
  #made = 0;

  constructor(journal?: string) {
    this.#journal = journal;
    if (journal === undefined || !existsSync(journal)) return;
    const lines = readFileSync(journal, 'utf8').split('\n');
    // A kill can cut the last line; it was never answered, so it never happened.
    for (const line of lines.slice(0, -1)) this.#take(JSON.parse(line));
  }

  /** Remembers, on disk first. */
  write(entry: Entry): void {
    if (this.#journal !== undefined) appendFileSync(this.#journal, `${JSON.stringify(entry)}\n`);
    this.#take(entry);
  }

  /** A new id with Stripe's prefix of the kind. */
  id(prefix: string): string {
    this.#made += 1;
    return `${prefix}_peer${this.#made.toString().padStart(8, '0')}${Date.now().toString(36)}`;
  }

  #take(entry: Entry): void {
    switch (entry.kind) {
      case 'meter':
        this.meters.set(entry.value.id, entry.value);
        return;
      case 'event':
        this.events = [...this.events, entry.value];
        this.identifiers.set(entry.value.identifier, entry.value.received);
        return;
      case 'void':
        this.events = this.events.map((event) =>
          event.identifier === entry.identifier && event.event_name === entry.event_name
            ? { ...event, voided: true }
            : event,
        );
        return;
      case 'object':
        this.objects.set(entry.value.id, entry.value);
        return;
      case 'replay':
        this.replays.set(entry.value.key, entry.value);
        return;
      case 'clock':
        this.ahead = entry.ahead;
        return;
    }
  }
}
