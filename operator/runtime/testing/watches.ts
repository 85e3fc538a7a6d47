/** The open watches of the fake: who hears which change, in which words, and what goes wrong on the way. */

import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../types.ts';
import { inOrder } from './answers.ts';
import type { Change, MemoryApi, Stored } from './memory-api.ts';
import { expired, invalidOptions } from './refusals.ts';
import type { Target } from './requests.ts';
import { type Selector, selectorOf } from './selectors.ts';

/** What goes wrong with the frames of one watch. */
export type WatchFault =
  /** Frames come late, in order. */
  | { readonly kind: 'lag'; readonly millis: number }
  /** Each frame comes twice. */
  | { readonly kind: 'duplicate' }
  /** After so many frames the next one breaks in its middle. */
  | { readonly kind: 'cut'; readonly frames: number }
  /** After so many frames the connection stays open and says nothing: half of it is gone. */
  | { readonly kind: 'silence'; readonly frames: number };

/** One open watch. */
class Watching {
  readonly target: Target;
  readonly response: ServerResponse;
  readonly #selects: Selector;
  readonly #fault: WatchFault | undefined;
  #sent = 0;
  #line: Promise<unknown> = Promise.resolve();

  constructor(target: Target, response: ServerResponse, selects: Selector, fault: WatchFault | undefined) {
    this.target = target;
    this.response = response;
    this.#selects = selects;
    this.#fault = fault;
  }

  /** Tells a change; an object that comes into or leaves the selection is ADDED or DELETED. */
  tell({ type, object, before, collection }: Change): void {
    const { namespace } = this.target.key;
    if (collection !== this.target.collection) return;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return;
    const was = before !== undefined && this.#selects(before);
    const is = type !== 'DELETED' && this.#selects(object);
    if (is) this.frame(was ? 'MODIFIED' : 'ADDED', object);
    else if (was) this.frame('DELETED', { ...before, metadata: { ...before.metadata, ...versionOf(object) } });
  }

  selects(object: Stored): boolean {
    const { namespace } = this.target.key;
    return (namespace === undefined || object.metadata.namespace === namespace) && this.#selects(object);
  }

  frame(type: string, object: object): void {
    this.write(JSON.stringify({ type, object }));
  }

  write(line: string): void {
    const fault = this.#fault;
    if (fault?.kind === 'silence' && this.#sent >= fault.frames) return;
    if (fault?.kind === 'lag') {
      this.#line = this.#line.then(() => sleep(fault.millis)).then(() => this.response.write(`${line}\n`));
      return;
    }
    if (fault?.kind === 'cut' && this.#sent >= fault.frames) {
      if (this.#sent === fault.frames) this.breakInside(line);
      this.#sent += 1;
      return;
    }
    this.#sent += 1;
    this.response.write(fault?.kind === 'duplicate' ? `${line}\n${line}\n` : `${line}\n`);
  }

  breakInside(line: string): void {
    this.response.write(line.slice(0, line.length / 2), () => this.response.destroy());
  }
}

/** All open watches of a fake. */
export class Watches {
  readonly #api: MemoryApi;
  readonly #open = new Set<Watching>();
  #held = false;

  constructor(api: MemoryApi) {
    this.#api = api;
    api.subscribe((change) => {
      if (!this.#held) for (const watching of this.#open) watching.tell(change);
    });
  }

  /** Opens a watch. Throws `Refusal` for options that do not fit. */
  open(target: Target, query: URLSearchParams, response: ServerResponse, fault: WatchFault | undefined): void {
    const initial = query.get('sendInitialEvents') === 'true';
    if (initial && query.get('resourceVersionMatch') !== 'NotOlderThan') {
      const message = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
      throw invalidOptions('ListOptions', { reason: 'FieldValueForbidden', field: 'resourceVersionMatch', message });
    }
    const watching = new Watching(target, response, selectorOf(query), fault);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const version = Number(query.get('resourceVersion') ?? 0);
    if (version === 0 || initial) this.#sendAll(watching, initial && query.get('allowWatchBookmarks') === 'true');
    else if (version < this.#api.compacted) {
      watching.frame('ERROR', expired(version, this.#api.compacted).status);
      response.end();
      return;
    } else for (const change of this.#api.since(version)) watching.tell(change);
    response.on('close', () => this.#open.delete(watching));
    this.#open.add(watching);
  }

  #sendAll(watching: Watching, bookmark: boolean): void {
    const { apiVersion, collection } = watching.target;
    for (const object of inOrder(this.#api.list(collection))) {
      if (watching.selects(object)) watching.frame('ADDED', object);
    }
    if (!bookmark) return;
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    const metadata = { resourceVersion: String(this.#api.version), annotations };
    watching.frame('BOOKMARK', { kind: this.#api.kindOf(collection), apiVersion, metadata });
  }

  /** Watches hear nothing of changes until they are opened again. */
  hold(held: boolean): void {
    this.#held = held;
  }

  end(): void {
    for (const { response } of this.#open) response.end();
  }

  /** Sends a raw line to the watches of a collection. */
  write(collection: string, line: string): void {
    for (const watching of this.#of(collection)) watching.response.write(`${line}\n`);
  }

  breakInside(collection: string, object: KubeObject): void {
    const line = JSON.stringify({ type: 'MODIFIED', object });
    for (const watching of this.#of(collection)) watching.breakInside(line);
  }

  #of(collection: string): readonly Watching[] {
    return [...this.#open].filter(({ target }) => target.collection === collection);
  }
}

function versionOf({ metadata }: Stored): { readonly resourceVersion?: string } {
  return { resourceVersion: metadata.resourceVersion };
}
