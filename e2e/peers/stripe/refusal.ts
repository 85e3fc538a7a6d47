/** A request that the peer refuses, in Stripe's words: an `error` object with type, code, message and parameter. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly status: number;
  readonly type: string;
  readonly param: string | undefined;
  readonly stripeCode: string | undefined;
  constructor(
    status: number,
    message: string,
    details: { readonly type?: string; readonly code?: string; readonly param?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.type = details.type ?? 'invalid_request_error';
    this.stripeCode = details.code;
    this.param = details.param;
    this.code = details.code ?? this.type;
  }

  /** The body of the response. */
  get body(): object {
    const { type, stripeCode, message, param } = this;
    return { error: { type, ...(stripeCode && { code: stripeCode }), message, ...(param && { param }) } };
  }
}

/** Stripe's answer for an object that is not there. */
export function missing(object: string, id: string, param = 'id'): Refusal {
  return new Refusal(404, `No such ${object}: '${id}'`, { code: 'resource_missing', param });
}

/** Stripe's answer for a parameter that is absent. */
export function required(param: string): Refusal {
  return new Refusal(400, `Missing required param: ${param}.`, { code: 'parameter_missing', param });
}
