/** What a request asks of the API server. The path and the query alone say it; see "API concepts" of Kubernetes. */
export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'apply' | 'patch' | 'update' | 'delete';
  /** Plural name, with the subresource behind a slash: `pods/status`. Empty for paths that name none. */
  readonly resource: string;
  readonly namespace: string;
  /** Empty for collections; of a create it is read from the body. */
  readonly name: string;
  /** Who writes: the field manager, else the user agent. */
  readonly controller: string;
}

/** The path of a collection or object, taken apart. */
interface Place {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

const writes: ReadonlySet<ApiRequest['verb']> = new Set(['create', 'apply', 'patch', 'update', 'delete']);

/** Reads a request; `body` is its text, which names what a create makes. */
export function readRequest(
  method: string,
  url: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string,
): ApiRequest {
  const { pathname, searchParams } = new URL(url, 'https://proxy');
  const place = placeOf(pathname);
  const verb = verbOf(method, String(headers['content-type'] ?? ''), place.name, searchParams);
  const name = verb === 'create' && place.name === '' ? nameIn(body) : place.name;
  const controller = searchParams.get('fieldManager') ?? String(headers['user-agent'] ?? 'unnamed');
  return { method, url, verb, ...place, name, controller };
}

/** Whether a request may change something. */
export function isWrite({ verb }: Pick<ApiRequest, 'verb'>): boolean {
  return writes.has(verb);
}

/** Whether a write carries no state: events and leases are counted, but nothing is decided by them. */
export function isNoise({ resource }: Pick<ApiRequest, 'resource'>): boolean {
  return resource === 'events' || resource === 'leases' || resource.endsWith('reviews');
}

function placeOf(pathname: string): Place {
  const parts = pathname.split('/').filter((part) => part !== '');
  const rest = parts.slice(parts[0] === 'apis' ? 3 : 2);
  // `namespaces/a/pods` is a collection inside a namespace; `namespaces/a` and `namespaces/a/status` are the namespace.
  const inside = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize';
  const [resource = '', name = '', subresource] = inside ? rest.slice(2) : rest;
  const namespace = inside ? (rest[1] ?? '') : '';
  return { resource: subresource === undefined ? resource : `${resource}/${subresource}`, namespace, name };
}

function verbOf(method: string, contentType: string, name: string, query: URLSearchParams): ApiRequest['verb'] {
  if (method === 'POST') return 'create';
  if (method === 'PUT') return 'update';
  if (method === 'DELETE') return 'delete';
  if (method === 'PATCH') return contentType.startsWith('application/apply-patch') ? 'apply' : 'patch';
  if (query.get('watch') === 'true' || query.get('watch') === '1') return 'watch';
  return name === '' ? 'list' : 'get';
}

function nameIn(body: string): string {
  try {
    const object: { readonly metadata?: { readonly name?: string; readonly generateName?: string } } = JSON.parse(body);
    return object.metadata?.name ?? object.metadata?.generateName ?? '';
  } catch {
    // Not JSON: the API server will refuse it, and the journal shows it without a name.
    return '';
  }
}
