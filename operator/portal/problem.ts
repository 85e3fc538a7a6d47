/** A code of what the portal refuses. */
export type ProblemCode =
  | 'RequestInvalid'
  | 'Unauthenticated'
  | 'Forbidden'
  | 'NotEntitled'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'BodyTooLarge'
  | 'MediaTypeUnsupported'
  | 'NoCustomer'
  | 'TooManyRequests'
  | 'Internal'
  | 'ProviderUnavailable'
  | 'Timeout';

/** Each code's HTTP status. */
export const problemStatus: Readonly<Record<ProblemCode, number>> = {
  RequestInvalid: 400,
  Unauthenticated: 401,
  Forbidden: 403,
  NotEntitled: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  BodyTooLarge: 413,
  MediaTypeUnsupported: 415,
  NoCustomer: 409,
  TooManyRequests: 429,
  Internal: 500,
  ProviderUnavailable: 502,
  Timeout: 504,
};

/**
 * A request that is refused; it becomes an answer of type application/problem+json (RFC 9457).
 * @means RequestInvalid: a parameter or the body is not of the form that /openapi.json states
 * @remedy RequestInvalid: correct what the answer names
 * @means Unauthenticated: no bearer token that the API server accepts for the portal
 * @remedy Unauthenticated: make one with kubectl create token NAME --audience gpuoptimizer.io/portal
 * @means Forbidden: the caller may not do this for this tenant
 * @remedy Forbidden: an admin grants get on tenants/usage, or create on tenants/billing, of that Tenant
 * @means NotEntitled: the tenant's plan does not include the portal
 * @remedy NotEntitled: an admin adds Portal to spec.entitlements of the BillingPlan, or names another in spec.planRef of the Tenant
 * @means NotFound: no such path
 * @remedy NotFound: /openapi.json lists the paths
 * @means MethodNotAllowed: the path has other methods
 * @remedy MethodNotAllowed: use one that the header Allow names
 * @means BodyTooLarge: the body is larger than 16 KiB
 * @remedy BodyTooLarge: send less
 * @means MediaTypeUnsupported: the body is not application/json
 * @remedy MediaTypeUnsupported: send JSON, and say so in Content-Type
 * @means NoCustomer: nobody charges the tenant, so there is nothing to pay or to change
 * @remedy NoCustomer: an admin sets spec.billing of the Tenant
 * @means TooManyRequests: the caller asks more often than allowed
 * @remedy TooManyRequests: wait as many seconds as Retry-After says
 * @means Internal: the operator failed; its log says why
 * @remedy Internal: look for the request's id in the operator's log
 * @means ProviderUnavailable: the payment provider did not make the page
 * @remedy ProviderUnavailable: try again later; the BillingProvider's status says what is wrong
 * @means Timeout: the answer took too long
 * @remedy Timeout: ask for a shorter time, or again later
 */
export class PortalProblem extends Error {
  override readonly name = 'PortalProblem';
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: ProblemCode,
    message: string,
    options: ErrorOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options);
    this.code = code;
    this.headers = options.headers ?? {};
  }
}
