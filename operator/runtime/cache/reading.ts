/** How the bytes of lists and watches become objects; each answer says in which form it came. */
import { AnswerMalformed } from '../client/answer-errors.ts';
import type { KubeObject } from '../types.ts';
import { LineSplitter } from './lines.ts';
import { ListScanner } from './list-scanner.ts';
import { withoutManagedFields } from './managed-fields.ts';

/** An event of a watch. The object of an ERROR is a Status. */
export type Frame =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubeObject }
  | { readonly type: 'ERROR'; readonly object: unknown };

/** What a list says beside its items. */
export interface ListMeta {
  readonly resourceVersion?: string;
  /** The token of the next page; none or an empty one on the last. */
  readonly continue?: string;
}

/** Reads one page of a list. */
export interface PageReading {
  /** The items that this chunk completes; to be taken before the next push. Throws AnswerMalformed, AnswerTooLarge. */
  push(chunk: Uint8Array): Iterable<KubeObject>;
  /** Throws AnswerMalformed when the page was cut. */
  end(): ListMeta;
}

/** Reads one watch. */
export interface EventReading {
  /** The events that this chunk ends; to be taken before the next push. Throws AnswerMalformed, AnswerTooLarge. */
  push(chunk: Uint8Array): Iterable<Frame>;
}

/** A form of answers; one answer is read at a time. */
export interface Reading {
  page(): PageReading;
  events(): EventReading;
}

/** Answers in JSON. */
export const jsonReading: Reading = {
  page: () => new JsonPage(),
  events: () => new JsonEvents(),
};

class JsonPage implements PageReading {
  readonly #scanner = new ListScanner();

  *push(chunk: Uint8Array): Generator<KubeObject> {
    for (const item of this.#scanner.push(chunk)) yield parse<KubeObject>(withoutManagedFields(item, 'object'));
  }

  end(): ListMeta {
    return parse<{ readonly metadata?: ListMeta }>(this.#scanner.end()).metadata ?? {};
  }
}

class JsonEvents implements EventReading {
  readonly #lines = new LineSplitter();

  *push(chunk: Uint8Array): Generator<Frame> {
    for (const line of this.#lines.push(chunk)) yield parse<Frame>(withoutManagedFields(line, 'event'));
  }
}

function parse<T>(text: string): T {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AnswerMalformed('an answer is not the JSON that it says it is', { cause });
  }
}
