/** What a refusal may carry beside its sentence. */
export interface RefusalDetails {
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
  /** The request was refused before any work began: its idempotency key stays free. */
  readonly beforeWork?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that the peer refuses, in Stripe's shape: an `error` object with type, code, message and parameter. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly status: number;
  readonly details: RefusalDetails;

  constructor(status: number, message: string, details: RefusalDetails = {}) {
    super(message);
    this.status = status;
    this.details = details;
    this.code = details.code ?? details.type ?? 'invalid_request_error';
  }

  /** The body of the response. */
  get body(): object {
    const { type = 'invalid_request_error', code, param } = this.details;
    return { error: { type, ...(code && { code }), message: this.message, ...(param && { param }) } };
  }
}

/** An object that is not there. */
export function missing(object: string, id: string, param = 'id', status = 404): Refusal {
  return new Refusal(status, `No such ${object}: '${id}'`, { code: 'resource_missing', param });
}

/** A parameter that is wrong in itself; nothing was done. */
export function invalid(param: string, message: string, code = 'parameter_invalid'): Refusal {
  return new Refusal(400, message, { code, param, beforeWork: true });
}

/** A parameter that is absent. */
export function required(param: string): Refusal {
  return invalid(param, `Missing required param: ${param}.`, 'parameter_missing');
}

/** A request that does not fit the state of what it is about. */
export function conflict(message: string, details: RefusalDetails = {}): Refusal {
  return new Refusal(400, message, details);
}
