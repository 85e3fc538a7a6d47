/** The builder: turns the sentence that a room writes into a plain description. */
import { parseDuration } from '../../observability/index.ts';
import type {
  Context,
  Controller,
  ControllerBuilder,
  Key,
  Kind,
  KubeObject,
  Outcome,
  Permission,
  Reader,
  SingletonBuilder,
  Watch,
} from '../types.ts';

/** The status type of a kind's objects. */
export type StatusOf<T> = T extends { readonly status?: infer Status } ? NonNullable<Status> : never;

type Draft = { -readonly [K in keyof Controller]: Controller[K] };

const defaultTimeoutMillis = 120_000;

function draft(name: string, primary: Kind<KubeObject> | undefined): Draft {
  return {
    name,
    primary,
    watches: [],
    owns: [],
    reads: [],
    indexes: [],
    permissions: [],
    concurrency: 1,
    timeoutMillis: defaultTimeoutMillis,
    reconcile: async () => undefined,
  };
}

/** What the two builders share. */
class CommonBuilder {
  protected readonly made: Draft;

  constructor(made: Draft) {
    this.made = made;
  }

  reads<O extends KubeObject>(kind: Kind<O>): this {
    this.made.reads = [...this.made.reads, kind];
    return this;
  }

  may(permission: Permission): this {
    this.made.permissions = [...this.made.permissions, permission];
    return this;
  }

  index<O extends KubeObject>(kind: Kind<O>, name: string, values: (object: O) => readonly string[]): this {
    const erased = values as (object: KubeObject) => readonly string[];
    this.made.indexes = [...this.made.indexes, { kind, name, values: erased }];
    return this;
  }

  every(duration: string): this {
    this.made.everyMillis = parseDuration(duration);
    return this;
  }

  timeout(duration: string): this {
    this.made.timeoutMillis = parseDuration(duration);
    return this;
  }

  debounce(duration: string): this {
    this.made.debounceMillis = parseDuration(duration);
    return this;
  }
}

class PrimaryBuilder<T extends KubeObject, Status> extends CommonBuilder implements ControllerBuilder<T, Status> {
  owns<O extends KubeObject>(kind: Kind<O>): this {
    this.made.owns = [...this.made.owns, kind];
    return this;
  }

  watches<O extends KubeObject>(
    kind: Kind<O>,
    map: (object: O, reader: Reader) => readonly Key[],
    options: { readonly when?: (now: O, before: O) => boolean } = {},
  ): this {
    this.made.watches = [...this.made.watches, { kind, map: map as Watch['map'], when: options.when as Watch['when'] }];
    return this;
  }

  when(predicate: (now: T, before: T | undefined) => boolean): this {
    this.made.primaryWhen = predicate as Controller['primaryWhen'];
    return this;
  }

  concurrency(passes: number): this {
    this.made.concurrency = passes;
    return this;
  }

  finalizer(name: string, forget: (object: T, context: Context) => Promise<void>): this {
    this.made.finalizer = { name, forget: forget as (object: KubeObject, context: Context) => Promise<void> };
    return this;
  }

  gone(handler: (key: Key, context: Context) => Promise<void>): this {
    this.made.gone = handler;
    return this;
  }

  withoutStatus(): this {
    this.made.status = 'elsewhere';
    return this;
  }

  reconcile(pass: (object: T, context: Context) => Promise<Outcome<Status> | undefined>): Controller {
    // The worker hands the primary to a controller that has one; only a singleton sees undefined.
    this.made.reconcile = pass as Controller['reconcile'];
    return Object.freeze({ ...this.made });
  }
}

class LoneBuilder extends CommonBuilder implements SingletonBuilder {
  watches<O extends KubeObject>(
    kind: Kind<O>,
    options: { readonly when?: (now: O, before: O | undefined) => boolean } = {},
  ): this {
    const key: Key = { name: this.made.name };
    const when = options.when as ((now: KubeObject, before: KubeObject | undefined) => boolean) | undefined;
    const addedWhen = when === undefined ? undefined : (now: KubeObject): boolean => when(now, undefined);
    this.made.watches = [...this.made.watches, { kind, map: () => [key], when, addedWhen }];
    return this;
  }

  reconcile(pass: (context: Context) => Promise<{ readonly after?: number } | undefined>): Controller {
    this.made.reconcile = (_object, context) => pass(context);
    return Object.freeze({ ...this.made });
  }
}

/** Starts a controller of `kind`; the name, used for metrics, manager and logs, defaults to the kind in lower case. */
export function controller<T extends KubeObject>(
  kind: Kind<T>,
  name: string = kind.kind.toLowerCase(),
): ControllerBuilder<T, StatusOf<T>> {
  return new PrimaryBuilder<T, StatusOf<T>>(draft(name, kind));
}

/** Starts a controller without a primary object; it has one key, `{ name }`. */
export function singleton(name: string): SingletonBuilder {
  return new LoneBuilder(draft(name, undefined));
}
