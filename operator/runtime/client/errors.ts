/** What the API server or the way to it answered, as one class per case. */

/** One reason of an Invalid answer. */
export interface Cause {
  readonly field?: string;
  readonly message: string;
  readonly reason?: string;
}

/** What an error knows. */
export interface ApiErrorFields {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly reason: string;
  /** Method and path, without the host. */
  readonly url: string;
  readonly message: string;
  readonly causes?: readonly Cause[];
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/**
 * Any failure of a request to the API server.
 * @remedy look up the status in the message; the API server has no closer name for it
 */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  readonly code: string = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly url: string;
  readonly causes: readonly Cause[];
  readonly retryAfter: number | undefined;
  constructor(fields: ApiErrorFields) {
    super(`${fields.url}: ${fields.message}`, { cause: fields.cause });
    this.status = fields.status;
    this.reason = fields.reason;
    this.url = fields.url;
    this.causes = fields.causes ?? [];
    this.retryAfter = fields.retryAfter;
  }
}

/**
 * 404: the object, or the kind itself, is not there.
 * @remedy install the CRD if it is the kind that is missing; for an object, nothing: the next pass sees that it is
 *   gone
 */
export class NotFound extends ApiError {
  override readonly name = 'NotFound';
  override readonly code = 'NotFound';
}
/**
 * 409 on create.
 * @remedy rename or remove the object that has the name already
 */
export class AlreadyExists extends ApiError {
  override readonly name = 'AlreadyExists';
  override readonly code = 'AlreadyExists';
}
/**
 * 409, or 422 about the uid: a precondition failed.
 * @remedy nothing: the pass is repeated with what is there now
 */
export class Conflict extends ApiError {
  override readonly name = 'Conflict';
  override readonly code = 'Conflict';
}
/**
 * 410: the version is compacted.
 * @remedy nothing: the collection is listed again
 */
export class Gone extends ApiError {
  override readonly name = 'Gone';
  override readonly code = 'Gone';
}
/**
 * 400 and 422: the server refuses the content; `causes` name the fields.
 * @remedy correct the fields that the message names
 */
export class Invalid extends ApiError {
  override readonly name = 'Invalid';
  override readonly code = 'Invalid';
}
/**
 * 403: RBAC, quota or an admission policy refuses.
 * @remedy grant the right that the message names (docs/rbac.md), or see which quota or policy refuses
 */
export class Forbidden extends ApiError {
  override readonly name = 'Forbidden';
  override readonly code = 'Forbidden';
}
/**
 * 401: the credentials are not accepted.
 * @remedy renew the token, certificate or exec plugin of the kubeconfig
 */
export class Unauthorized extends ApiError {
  override readonly name = 'Unauthorized';
  override readonly code = 'Unauthorized';
}
/**
 * 429: too fast, or a disruption budget refuses an eviction.
 * @remedy nothing if it passes; else see which disruption budget or flow schema the message names
 */
export class TooManyRequests extends ApiError {
  override readonly name = 'TooManyRequests';
  override readonly code = 'TooManyRequests';
}
/**
 * 5xx.
 * @remedy nothing if it passes; else look at the log of the API server
 */
export class ServerError extends ApiError {
  override readonly name = 'ServerError';
  override readonly code = 'ServerError';
}
/**
 * No complete answer within the time limit.
 * @remedy nothing if it passes; else look at the load of the API server and of etcd
 */
export class Timeout extends ApiError {
  override readonly name = 'Timeout';
  override readonly code = 'Timeout';
}
/**
 * No connection, or it broke before the answer.
 * @remedy nothing if it passes; else check the network to the API server
 */
export class ConnectionLost extends ApiError {
  override readonly name = 'ConnectionLost';
  override readonly code = 'ConnectionLost';
}

/**
 * A write was refused because this process does not hold the lease.
 * @remedy nothing: the process that leads does the work
 */
export class NotLeader extends Error {
  override readonly name = 'NotLeader';
  readonly code = 'NotLeader';
}

/** The error class for an HTTP status and the server's reason. */
export function apiError(fields: ApiErrorFields): ApiError {
  switch (fields.status) {
    case 400:
    case 422:
      return isAnotherObject(fields) ? new Conflict(fields) : new Invalid(fields);
    case 401:
      return new Unauthorized(fields);
    case 403:
      return new Forbidden(fields);
    case 404:
      return new NotFound(fields);
    case 409:
      return fields.reason === 'AlreadyExists' ? new AlreadyExists(fields) : new Conflict(fields);
    case 410:
      return new Gone(fields);
    case 429:
      return new TooManyRequests(fields);
    default:
      return fields.status >= 500 ? new ServerError(fields) : new ApiError(fields);
  }
}

/** A patch or an apply with the uid of another object is refused as an attempt to change the uid. */
function isAnotherObject({ causes = [] }: ApiErrorFields): boolean {
  return causes.length > 0 && causes.every(({ field }) => field === 'metadata.uid');
}

interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: { readonly causes?: readonly Cause[]; readonly retryAfterSeconds?: number };
}

/** Reads a `Status` body (or any text) of a failed answer. `retryAfterHeader` is in seconds. */
export function errorFromBody(status: number, body: string, url: string, retryAfterHeader?: string): ApiError {
  const parsed = parseStatus(body);
  const seconds = Number(retryAfterHeader ?? parsed?.details?.retryAfterSeconds);
  return apiError({
    status: status === 200 ? (parsed?.code ?? 500) : status,
    reason: parsed?.reason ?? '',
    url,
    message: parsed?.message ?? (body.slice(0, 200) || `HTTP ${status}`),
    causes: parsed?.details?.causes,
    retryAfter: Number.isFinite(seconds) ? seconds * 1000 : undefined,
  });
}

function parseStatus(body: string): StatusBody | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    // Proxies and early start-up answer in plain text; the text itself becomes the message.
    return undefined;
  }
}
