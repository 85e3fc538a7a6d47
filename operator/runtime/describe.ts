/** What controllers declare, as plain data: for pages, for reviews, for whoever asks what wakes what. */
import { permissionsOf, writesStatus } from './controller/permissions.ts';
import { kindId } from './kinds.ts';
import type { Controller, Permission, Watch } from './types.ts';

/** A watch of a secondary kind. */
export interface WatchDescription {
  /** `pods`, `gpupools.gpuoptimizer.io` … */
  readonly kind: string;
  /** The name of the function that maps a change to keys; undefined for a singleton, which has one key. */
  readonly wakes?: string;
  /** The name of the predicate that lets an update through; undefined when all pass or the predicate has no name. */
  readonly when?: string;
}

/** One controller. Kinds are written as in metrics, spans in milliseconds. */
export interface ControllerDescription {
  readonly name: string;
  /** Undefined for a singleton. */
  readonly primary?: string;
  readonly watches: readonly WatchDescription[];
  readonly owns: readonly string[];
  readonly reads: readonly string[];
  readonly indexes: readonly { readonly kind: string; readonly name: string }[];
  /** With the reason of each; the source of the generated RBAC. */
  readonly permissions: readonly Permission[];
  readonly concurrency: number;
  readonly everyMillis?: number;
  readonly timeoutMillis: number;
  readonly debounceMillis?: number;
  readonly finalizer?: string;
  /** Whether the end of a pass is reported in the status of the primary; else in metrics and logs alone. */
  readonly reportsInStatus: boolean;
}

/** Describes controllers in the order given. */
export function describe(controllers: readonly Controller[]): readonly ControllerDescription[] {
  return controllers.map((controller) => ({
    name: controller.name,
    primary: controller.primary && kindId(controller.primary),
    watches: controller.watches.map((watch) => describeWatch(controller, watch)),
    owns: controller.owns.map(kindId),
    reads: controller.reads.map(kindId),
    indexes: controller.indexes.map(({ kind, name }) => ({ kind: kindId(kind), name })),
    permissions: permissionsOf(controller),
    concurrency: controller.concurrency,
    everyMillis: controller.everyMillis,
    timeoutMillis: controller.timeoutMillis,
    debounceMillis: controller.debounceMillis,
    finalizer: controller.finalizer?.name,
    reportsInStatus: writesStatus(controller),
  }));
}

function describeWatch({ primary }: Controller, { kind, map, when }: Watch): WatchDescription {
  const wakes = primary === undefined ? undefined : map.name;
  // A function written in place is called after the field that it stands in.
  const named = when?.name === 'when' || when?.name === '' ? undefined : when?.name;
  return { kind: kindId(kind), wakes, when: named };
}
