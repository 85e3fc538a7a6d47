/** Plays a conversation with a server and writes down what was answered. */
import type { Cluster } from '../../client/cluster.ts';
import { type Ask, type Conversation, collections, type Open, type Step, sentence } from './conversation.ts';
import { normalised } from './normal.ts';
import { type Answer, open, type Stream, send } from './wire.ts';

/** A step and what came of it, with uids, versions, times and tokens replaced. */
export interface Line {
  readonly step: string;
  readonly answer: unknown;
}

/** The namespace that a conversation has to itself. */
export function namespaceOf({ name }: Conversation): string {
  return `talk-${name}`;
}

/** Plays all steps in order; the answers are as comparable as their contents allow. */
export async function play(conversation: Conversation, cluster: Cluster): Promise<readonly Line[]> {
  const talk = new Talk(namespaceOf(conversation), cluster);
  try {
    const answers: unknown[] = [];
    for (const step of conversation.steps) answers.push(await talk.perform(step));
    const clean = normalised(answers);
    return conversation.steps.map((step, index) => ({ step: sentence(step), answer: picked(step, clean[index]) }));
  } finally {
    talk.end();
  }
}

class Talk {
  readonly #namespace: string;
  readonly #cluster: Cluster;
  readonly #named = new Map<string, unknown>();
  readonly #streams = new Map<string, Stream>();

  constructor(namespace: string, cluster: Cluster) {
    this.#namespace = namespace;
    this.#cluster = cluster;
  }

  async perform(step: Step): Promise<unknown> {
    if ('hear' in step) return this.#streams.get(step.hear)?.next(step.frames) ?? 'no such watch';
    if ('watch' in step) return this.#watch(step);
    return this.#ask(step);
  }

  end(): void {
    for (const stream of this.#streams.values()) stream.end();
  }

  async #ask(step: Ask): Promise<Answer> {
    const body = this.#filled(step.body);
    const { method, type } = step;
    const answer = await send(this.#cluster, { method, path: this.#path(step), type, body });
    if (step.as !== undefined) this.#named.set(step.as, answer.body);
    return answer;
  }

  async #watch(step: Open): Promise<unknown> {
    const opened = await open(this.#cluster, this.#path({ ...step, query: { ...step.query, watch: 'true' } }));
    if ('status' in opened) return opened;
    this.#streams.set(step.watch, opened);
    return 'open';
  }

  #path({ path, query }: Pick<Ask, 'path' | 'query'>): string {
    const [collection = '', ...rest] = path.split('/');
    const root = new Map(Object.entries(collections)).get(collection);
    if (root === undefined) throw new TypeError(`collection ${collection} is not one of ${Object.keys(collections)}`);
    const text = new URLSearchParams(
      query && Object.fromEntries(Object.entries(query).map(([key, value]) => [key, this.#text(value)])),
    );
    const address = [root, 'namespaces', this.#namespace, collection, ...rest].join('/');
    return query === undefined ? address : `${address}?${text}`;
  }

  #filled(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return value.map((item) => this.#filled(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#filled(inner)]));
  }

  #text(text: string): string {
    return text.replace(/\{(\w+)\.([\w.]+)\}/g, (_all, name: string, path: string) =>
      String(at(this.#named.get(name), path)),
    );
  }
}

function picked(step: Step, answer: unknown): unknown {
  if (!('only' in step) || step.only === undefined) return answer;
  const body = at(answer, 'body');
  const kept = Object.fromEntries(step.only.map((path) => [path, at(body, path)]));
  return { ...Object(answer), body: JSON.parse(JSON.stringify(kept)) };
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
      value,
    );
}
