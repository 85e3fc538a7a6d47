/** What went wrong when metrics were asked for; the code is stable and named in docs and metrics. */
export type TelemetryErrorCode =
  | 'PrometheusUnreachable'
  | 'PrometheusTimeout'
  | 'PrometheusOverloaded'
  | 'PrometheusRefused'
  | 'ResponseTooLarge'
  | 'ResponseMalformed';

/**
 * A failed question to Prometheus. The sentence holds no moving numbers, so that it can stand in a condition.
 * @means PrometheusUnreachable: no connection, or it broke
 * @remedy PrometheusUnreachable: check the address of Prometheus and the network policy between it and the operator
 * @means PrometheusTimeout: no answer in time
 * @remedy PrometheusTimeout: nothing if it passes; else look at the load of Prometheus
 * @means PrometheusOverloaded: 429 or 503 after all attempts
 * @remedy PrometheusOverloaded: nothing if it passes; else give Prometheus more room, or look for who asks it so much
 * @means PrometheusRefused: any other status, or an answer that says "error"
 * @remedy PrometheusRefused: see in the message what Prometheus says of the query, and check rights and tenancy
 *   headers in front of it
 * @means ResponseTooLarge: more bytes than the operator is willing to hold
 * @remedy ResponseTooLarge: look for labels that multiply the series of GPUs
 * @means ResponseMalformed: not what the HTTP API documents
 * @remedy ResponseMalformed: check that the address is the HTTP API of Prometheus and not its page or a login
 */
export class TelemetryError extends Error {
  override readonly name = 'TelemetryError';
  readonly code: TelemetryErrorCode;
  constructor(code: TelemetryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
