/** Which keys a change of the cache wakes. Pure. */
import type { CacheEvent } from '../cache/informer.ts';
import { keyOf } from '../kinds.ts';
import type { Controller, Key, Kind, KubeObject, Reader, Watch } from '../types.ts';

/** Keys of the primary that its own change wakes: generation, labels, annotations, finalizers or deletion, unless the controller says otherwise. */
export function wokenByPrimary({ primaryWhen = specOrMetaChanged }: Controller, event: CacheEvent): readonly Key[] {
  if (event.kind === 'deleted') return [keyOf(event.before)];
  const before = event.kind === 'updated' ? event.before : undefined;
  return primaryWhen(event.now, before) ? [keyOf(event.now)] : [];
}

function specOrMetaChanged(now: KubeObject, before: KubeObject | undefined): boolean {
  if (before === undefined) return true;
  const [a, b] = [now.metadata, before.metadata];
  if (a.generation !== b.generation || a.deletionTimestamp !== b.deletionTimestamp) return true;
  // Kinds without a spec (ConfigMap) have no generation: every change counts.
  if (a.generation === undefined) return true;
  const same = (x: unknown, y: unknown): boolean => JSON.stringify(x ?? {}) === JSON.stringify(y ?? {});
  return !same(a.labels, b.labels) || !same(a.annotations, b.annotations) || !same(a.finalizers, b.finalizers);
}

/** The controlling owner of the primary's kind, of the object now and before. */
export function wokenByOwned(primary: Kind<KubeObject>, event: CacheEvent): readonly Key[] {
  return unique(states(event).flatMap((object) => ownerKey(primary, object)));
}

function ownerKey(primary: Kind<KubeObject>, { metadata }: KubeObject): readonly Key[] {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined || owner.kind !== primary.kind) return [];
  const group = owner.apiVersion.includes('/') ? owner.apiVersion.slice(0, owner.apiVersion.indexOf('/')) : '';
  if (group !== primary.group) return [];
  return [primary.scope === 'Cluster' ? { name: owner.name } : { namespace: metadata.namespace, name: owner.name }];
}

/** What a watch maps the change to; the mapper sees the object before and after. */
export function wokenByWatched({ map, when, addedWhen }: Watch, event: CacheEvent, reader: Reader): readonly Key[] {
  if (event.kind === 'added' && addedWhen?.(event.now) === false) return [];
  if (event.kind === 'updated' && when?.(event.now, event.before) === false) return [];
  return unique(states(event).flatMap((object) => map(object, reader)));
}

function states(event: CacheEvent): readonly KubeObject[] {
  if (event.kind === 'deleted') return [event.before];
  return event.kind === 'added' ? [event.now] : [event.now, event.before];
}

function unique(keys: readonly Key[]): readonly Key[] {
  return [...new Map(keys.map((key) => [`${key.namespace}/${key.name}`, key])).values()];
}
