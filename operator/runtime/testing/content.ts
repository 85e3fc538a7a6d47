/** Which parts of an object a write may touch, and when two contents are the same. Pure. */
import type { KubeObject, ObjectMeta } from '../types.ts';
import { isObject, type Json } from './merge.ts';

/** What an apply may take: the status in `/status` and nothing else, all but the status elsewhere. */
export function part(body: KubeObject, subresource: string | undefined): KubeObject {
  const { status, ...rest } = { status: undefined, ...body };
  if (subresource !== 'status') return { ...rest, metadata: sentMeta(body) };
  const { name, namespace } = body.metadata;
  const { apiVersion, kind } = body;
  const content = { apiVersion, kind, metadata: { name, namespace }, status };
  return content;
}

export function withUid(object: unknown, uid: string | undefined): unknown {
  if (uid === undefined || !isObject(object)) return object;
  return { ...object, metadata: { ...metaOf(object), uid } };
}

export function metaOf(object: unknown): Json & ObjectMeta {
  return isObject(object) && isObject(object.metadata) ? object.metadata : {};
}

export function sameSpec(old: Json, next: Json): boolean {
  const spec = ({ metadata: _metadata, status: _status, apiVersion: _version, kind: _kind, ...rest }: Json): Json =>
    rest;
  return same(spec(old), spec(next));
}

/** Equality of JSON, whatever the order of fields. */
export function same(a: unknown, b: unknown): boolean {
  return stable(a) === stable(b);
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

export function sentMeta({ metadata }: KubeObject): ObjectMeta & { readonly name?: string } {
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = metadata;
  return JSON.parse(JSON.stringify({ name, namespace, labels, annotations, finalizers, ownerReferences }));
}

/** Metadata as it is stored: empty maps and lists are as good as none. */
export function withoutEmpties<T extends object>(metadata: T): T {
  const isEmpty = (value: unknown): boolean =>
    (isObject(value) || Array.isArray(value)) && Object.keys(value).length === 0;
  const kept: unknown = Object.fromEntries(Object.entries(metadata).filter(([, value]) => !isEmpty(value)));
  return kept as T;
}
