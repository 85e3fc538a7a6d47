/** What a request to the fake asks for. */
import type { Key } from '../types.ts';

/** A request that was received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly collection: string;
  /** What it is for. */
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
}

/** What it is about. */
export interface Target {
  /** `pods`, or `toys.example.com`. */
  readonly collection: string;
  /** `v1`, or `example.com/v1`. */
  readonly apiVersion: string;
  readonly key: Key;
  readonly subresource: string | undefined;
}

/** Reads the path of an API: `/api/v1/…` or `/apis/group/version/…`. */
export function targetOf(path: string): Target {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : '';
  const [version = '', ...rest] = parts.slice(parts[0] === 'apis' ? 2 : 1);
  const namespaced = rest[0] === 'namespaces' && rest.length > 2;
  const namespace = namespaced ? rest[1] : undefined;
  const [plural = '', name = '', subresource] = namespaced ? rest.slice(2) : rest;
  const key = namespace === undefined ? { name } : { namespace, name };
  return group === ''
    ? { collection: plural, apiVersion: version, key, subresource }
    : { collection: `${plural}.${group}`, apiVersion: `${group}/${version}`, key, subresource };
}

const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/** Describes a request in the words of RBAC. */
export function describeRequest(method: string, url: URL, { collection, key }: Target): Received {
  const read = key.name !== '' ? 'get' : url.searchParams.get('watch') === 'true' ? 'watch' : 'list';
  const verb =
    method === 'POST' || method === 'PUT' || method === 'PATCH' || method === 'DELETE' ? verbs[method] : read;
  return { method, path: url.pathname, query: url.searchParams, collection, verb };
}
