/** The language of conversations with an API server: plain data, so that one table speaks to the fake and to the real one. */

/** The collections that conversations use, with the path of their API. `toys` is the CRD of `conversationCrd`. */
export const collections = {
  toys: '/apis/talk.gpuoptimizer.io/v1',
  configmaps: '/api/v1',
  pods: '/api/v1',
  poddisruptionbudgets: '/apis/policy/v1',
  leases: '/apis/coordination.k8s.io/v1',
  gadgets: '/apis/talk.gpuoptimizer.io/v1',
} as const;

/** How a body is to be understood. */
export type BodyType = 'json' | 'merge' | 'strategic' | 'json-patch' | 'apply';

/** A request. Strings may hold `{name.path.to.field}`: a value of the answer that was named so. */
export interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `toys`, `toys/a`, `toys/a/status`: within the namespace of the conversation. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly type?: BodyType;
  readonly body?: unknown;
  /** Names the answer for later steps. */
  readonly as?: string;
  /** Dotted paths of the answer to compare, where the server adds defaults that the fake has not; default all. */
  readonly only?: readonly string[];
}

/** Opens a watch that goes on beside the conversation. */
export interface Open {
  readonly watch: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Reads so many frames of a watch. */
export interface Hear {
  readonly hear: string;
  readonly frames: number;
}

/** One step of a conversation. */
export type Step = Ask | Open | Hear;

/** A conversation; its name is also that of its record. */
export interface Conversation {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** A step in one line, as the record names it. */
export function sentence(step: Step): string {
  if ('hear' in step) return `hear ${step.frames} of ${step.hear}`;
  const query = Object.entries(step.query ?? {}).map(([key, value]) => `${key}=${value}`);
  const path = query.length === 0 ? step.path : `${step.path}?${query.join('&')}`;
  if ('watch' in step) return `watch ${path} as ${step.watch}`;
  return `${step.type === undefined ? step.method : `${step.method} ${step.type}`} ${path}`;
}

type Query = Readonly<Record<string, string>>;

/** GET of an object or a collection. */
export const get = (path: string, query?: Query): Ask => ({ method: 'GET', path, query });
/** POST. */
export const create = (path: string, body: unknown, query?: Query): Ask => ({
  method: 'POST',
  path,
  query,
  type: 'json',
  body,
});
/** PUT. */
export const put = (path: string, body: unknown, query?: Query): Ask => ({
  method: 'PUT',
  path,
  query,
  type: 'json',
  body,
});
/** DELETE, with preconditions when given. */
export const remove = (path: string, preconditions?: Query): Ask => ({
  method: 'DELETE',
  path,
  ...(preconditions && {
    type: 'json',
    body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions },
  }),
});
/** PATCH of one of the three patch types. */
export const patch = (type: 'merge' | 'strategic' | 'json-patch', path: string, body: unknown, query?: Query): Ask => ({
  method: 'PATCH',
  path,
  query,
  type,
  body,
});
/** Server-side apply; `force` as the runtime does it. */
export const apply = (path: string, fieldManager: string, body: unknown, how: 'force' | 'ask' = 'ask'): Ask => ({
  method: 'PATCH',
  path,
  query: how === 'force' ? { fieldManager, force: 'true' } : { fieldManager },
  type: 'apply',
  body,
});
/** Names the answer. */
export const as = (name: string, ask: Ask): Ask => ({ ...ask, as: name });
/** Compares only these paths of the answer. */
export const only = (paths: readonly string[], ask: Ask): Ask => ({ ...ask, only: paths });

/** A toy of the conversations. */
export const toy = (name: string, spec: object, metadata: object = {}): object => ({
  apiVersion: 'talk.gpuoptimizer.io/v1',
  kind: 'Toy',
  metadata: { name, ...metadata },
  spec,
});
/** A ConfigMap. */
export const note = (name: string, data: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...(Object.keys(data).length > 0 && { data }),
});
