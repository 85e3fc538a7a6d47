/** The refusals of an API server, word for word as the real one's (see conformance/). */

/** The body of an answer that is not an object. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: object;
  readonly status: 'Failure' | 'Success';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: object;
  readonly code?: number;
}

/** What a refusal is about. */
export interface Subject {
  /** `pods`, or `toys.example.com`. */
  readonly collection: string;
  readonly name: string;
  /** `Toy`; empty when nobody has said it yet. */
  readonly kind: string;
}

/** An API server that says no. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code = 'Refusal';
  readonly status: Status;
  readonly httpCode: number;

  constructor(httpCode: number, reason: string | undefined, message: string, details?: object) {
    super(message);
    this.httpCode = httpCode;
    const common = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' } as const;
    this.status = { ...common, message, ...(reason && { reason }), ...(details && { details }), code: httpCode };
  }
}

/** The group of a collection, as the part of details; none for the core group. */
export function groupOf(collection: string): { readonly group?: string } {
  const dot = collection.indexOf('.');
  return dot < 0 ? {} : { group: collection.slice(dot + 1) };
}

/** The plural of a collection. */
export function pluralOf(collection: string): string {
  return collection.split('.')[0] ?? '';
}

const byResource = ({ collection, name }: Subject): object => ({
  name,
  ...groupOf(collection),
  kind: pluralOf(collection),
});
const byKind = ({ collection, kind, name }: Subject): object => ({
  ...(name !== '' && { name }),
  ...groupOf(collection),
  kind,
});
const qualified = ({ collection, kind }: Subject): string =>
  [kind, groupOf(collection).group].filter(Boolean).join('.');

/** 404. */
export function notFound(subject: Subject): Refusal {
  return new Refusal(404, 'NotFound', `${subject.collection} "${subject.name}" not found`, byResource(subject));
}

/** 409 on create. */
export function alreadyExists(subject: Subject, how: 'there' | 'deleting'): Refusal {
  const text = `${subject.collection} "${subject.name}" already exists`;
  const message = how === 'deleting' ? `object is being deleted: ${text}` : text;
  return new Refusal(409, 'AlreadyExists', message, byResource(subject));
}

/** 409: the resourceVersion of a write is not the live one. */
export function modified(subject: Subject): Refusal {
  const why = 'the object has been modified; please apply your changes to the latest version and try again';
  return conflict(subject, why);
}

/** 409 of a write, in the words of its storage. */
export function conflict(subject: Subject, why: string): Refusal {
  const message = `Operation cannot be fulfilled on ${subject.collection} "${subject.name}": ${why}`;
  return new Refusal(409, 'Conflict', message, byResource(subject));
}

/** 409: a precondition of a deletion or an eviction does not hold. */
export function unmet(subject: Subject, field: 'UID' | 'ResourceVersion', wanted: string, live: string): Refusal {
  const fate = field === 'UID' ? 'deleted and then recreated' : 'modified';
  const why = `the ${field} in the precondition (${wanted}) does not match the ${field} in record (${live}). The object might have been ${fate}`;
  const message = `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`;
  return new Refusal(409, 'Conflict', message, byKind(subject));
}

/** One field that a validation refuses. */
export interface FieldError {
  readonly reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden';
  readonly field: string;
  readonly message: string;
}

/** 422: validation refuses a field of an object. */
export function invalid(subject: Subject, error: FieldError): Refusal {
  const message = `${qualified(subject)} "${subject.name}" is invalid: ${error.field}: ${error.message}`;
  return new Refusal(422, 'Invalid', message, { ...byKind(subject), causes: [error] });
}

/** 422 of a PUT without resourceVersion: refused before its kind is looked at. */
export function unversioned(subject: Subject): Refusal {
  const message = 'Invalid value: 0: must be specified for an update';
  const error: FieldError = { reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message };
  const text = `${subject.collection} "${subject.name}" is invalid: ${error.field}: ${message}`;
  return new Refusal(422, 'Invalid', text, { ...byResource(subject), causes: [error] });
}

/** 422: options of a request. */
export function invalidOptions(kind: 'ListOptions' | 'PatchOptions', error: FieldError): Refusal {
  return invalid({ collection: `options.meta.k8s.io`, kind, name: '' }, error);
}

/** 400. */
export function badRequest(message: string): Refusal {
  return new Refusal(400, 'BadRequest', message);
}

/** 410: the version is forgotten. */
export function expired(version: number, oldest: number): Refusal {
  return new Refusal(410, 'Expired', `too old resource version: ${version} (${oldest})`);
}

/** 504: the version is not there yet. */
export function fromTheFuture(version: number, current: number): Refusal {
  const details = {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  };
  const message = `Timeout: Too large resource version: ${version}, current: ${current}`;
  return new Refusal(504, 'Timeout', message, details);
}

/** The answer to a deletion that is done. */
export function deleted({ collection, name }: Subject, uid: string | undefined): Status {
  const details = { ...byResource({ collection, name, kind: '' }), uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
