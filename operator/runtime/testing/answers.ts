/** What the fake answers to everything but a watch: MemoryApi in the words of HTTP. */

import type { Preconditions } from '../client/backend.ts';
import type { Key, KubeObject, PatchBody } from '../types.ts';
import { createsOnUpdate, isCustom } from './kind-rules.ts';
import { type MemoryApi, misnamed, type Stored } from './memory-api.ts';
import { badRequest, conflict, deleted, fromTheFuture, invalidOptions, Refusal, type Status } from './refusals.ts';
import type { Received, Target } from './requests.ts';
import { selectorOf } from './selectors.ts';

/** A status code and a body. */
export interface Answer {
  readonly code: number;
  readonly body: object;
}

/** A request with its body. */
export interface Request {
  readonly received: Received;
  readonly target: Target;
  readonly text: string;
  readonly contentType: string;
}

/** Carries a request out. Throws `Refusal`. */
export function perform(api: MemoryApi, request: Request): Answer {
  const { received, target, text } = request;
  const { collection, key, subresource } = target;
  if (received.verb === 'list') return { code: 200, body: list(api, target, received.query) };
  if (received.verb === 'get') return { code: 200, body: api.get(collection, key) };
  const body: KubeObject = text === '' ? { metadata: {} } : JSON.parse(text);
  const manager = received.query.get('fieldManager') ?? 'unknown';
  if (received.verb === 'delete') return remove(api, target, preconditionsOf(body));
  if (subresource === 'eviction') return evict(api, key, preconditionsOf(Reflect.get(body, 'deleteOptions')));
  if (received.verb === 'create') {
    const object = { ...body, metadata: { ...body.metadata, namespace: key.namespace } };
    return { code: 201, body: api.create(collection, object, manager) };
  }
  return received.verb === 'update' ? replace(api, target, body, manager) : patch(api, request, body, manager);
}

function replace(api: MemoryApi, { collection, key, subresource }: Target, body: KubeObject, manager: string): Answer {
  const { name = key.name } = body.metadata;
  if (name !== key.name) throw misnamed(name, key.name);
  const object = { ...body, metadata: { ...body.metadata, ...key } };
  if (createsOnUpdate(collection) && !api.has(collection, key)) {
    const { resourceVersion: _version, ...metadata } = object.metadata;
    const subject = { collection, name, kind: api.kindOf(collection) };
    const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: `;
    if (metadata.uid !== undefined) throw conflict(subject, why);
    return { code: 201, body: api.create(collection, { ...object, metadata }, manager) };
  }
  return { code: 200, body: api.update(collection, object, { manager, subresource }) };
}

function patch(api: MemoryApi, { contentType, received, target }: Request, body: KubeObject, manager: string): Answer {
  const { collection, key, subresource } = target;
  if (contentType.startsWith('application/apply-patch')) return apply(api, target, body, received.query);
  const type = patchType(contentType);
  if (type === 'strategic' && isCustom(collection)) throw unsupported;
  return { code: 200, body: api.patch(collection, key, { type, body, subresource }, manager) };
}

const unsupported = new Refusal(
  415,
  'UnsupportedMediaType',
  'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
);

function apply(api: MemoryApi, target: Target, body: KubeObject, query: URLSearchParams): Answer {
  const { collection, key, subresource } = target;
  const manager = query.get('fieldManager');
  const { name = key.name } = body.metadata;
  const required = 'Required value: is required for apply patch';
  if (manager === null)
    throw invalidOptions('PatchOptions', { reason: 'FieldValueRequired', field: 'fieldManager', message: required });
  if (name !== key.name) throw misnamed(name, key.name);
  if (Reflect.has(body.metadata, 'managedFields')) throw badRequest('metadata.managedFields must be nil');
  const code = api.has(collection, key) ? 200 : 201;
  const how = query.get('force') === 'true' ? 'force' : 'ask';
  return { code, body: api.apply(collection, key, body, manager, subresource, how) };
}

function remove(api: MemoryApi, { collection, key }: Target, preconditions: Preconditions): Answer {
  const object = api.remove(collection, key, preconditions);
  const done = !api.has(collection, key) && collection !== 'pods';
  const subject = { collection, name: key.name, kind: api.kindOf(collection) };
  return { code: 200, body: done ? deleted(subject, object.metadata.uid) : object };
}

function evict(api: MemoryApi, key: Key, preconditions: Preconditions): Answer {
  api.evict(key, preconditions);
  const body: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  return { code: 201, body };
}

function preconditionsOf(options: unknown): Preconditions {
  return Reflect.get(Object(options), 'preconditions') ?? {};
}

function patchType(contentType: string): PatchBody['type'] {
  if (contentType.startsWith('application/json-patch')) return 'json';
  return contentType.startsWith('application/strategic') ? 'strategic' : 'merge';
}

function list(api: MemoryApi, { apiVersion, collection, key }: Target, query: URLSearchParams): object {
  const token = query.get('continue');
  const from = token === null ? undefined : pageOf(token);
  const version = from?.version ?? snapshotOf(api, query);
  if (version < api.compacted) throw tokenExpired;
  const selects = selectorOf(query);
  const all = inOrder(api.listAt(collection, version)).filter(
    (object) => (key.namespace === undefined || object.metadata.namespace === key.namespace) && selects(object),
  );
  const rest = from === undefined ? all : all.filter((object) => keyOf(object) > from.after);
  const limit = Number(query.get('limit') ?? 0) || rest.length;
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const more = rest.length > page.length && last !== undefined;
  const counted = !query.has('labelSelector') && !query.has('fieldSelector');
  const metadata = {
    resourceVersion: String(version),
    ...(more && { continue: tokenOf({ version, after: keyOf(last) }) }),
    ...(more && counted && { remainingItemCount: rest.length - page.length }),
  };
  const items = isCustom(collection) ? page : page.map(withoutKind);
  return { kind: `${api.kindOf(collection)}List`, apiVersion, metadata, items };
}

/** The version that a list shows: the latest, or exactly the one asked for. */
function snapshotOf(api: MemoryApi, query: URLSearchParams): number {
  const [version, match] = [query.get('resourceVersion'), query.get('resourceVersionMatch')];
  const message = 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided';
  if (match !== null && version === null) {
    const error = { reason: 'FieldValueForbidden', field: 'resourceVersionMatch', message } as const;
    throw invalidOptions('ListOptions', error);
  }
  if (Number(version) > api.version) throw fromTheFuture(Number(version), api.version);
  return match === 'Exact' ? Number(version) : api.version;
}

/** Objects in the order of their keys in etcd, as lists and first events have them. */
export function inOrder(objects: readonly Stored[]): readonly Stored[] {
  return objects.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ metadata }: Stored): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Built-in kinds do not say in a list what they are. */
function withoutKind({ apiVersion: _version, kind: _kind, ...rest }: Stored): object {
  return rest;
}

interface Page {
  readonly version: number;
  /** The key of the last object that was sent. */
  readonly after: string;
}

function tokenOf(page: Page): string {
  return Buffer.from(JSON.stringify(page)).toString('base64url');
}

function pageOf(token: string): Page {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch (error) {
    throw badRequest(`continue key is not valid: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const tokenExpired = new Refusal(
  410,
  'Expired',
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
);
