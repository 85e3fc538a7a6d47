/** What went wrong when metrics were asked for; the code is stable and named in docs and metrics. */
export type TelemetryErrorCode =
  | 'PrometheusUnreachable' // no connection, or it broke
  | 'PrometheusTimeout' // no answer in time
  | 'PrometheusOverloaded' // 429 or 503 after all attempts
  | 'PrometheusRefused' // any other status, or an answer that says "error"
  | 'ResponseTooLarge' // more bytes than we are willing to hold
  | 'ResponseMalformed'; // not what the HTTP API documents

/** A failed question to Prometheus. The sentence holds no moving numbers, so that it can stand in a condition. */
export class TelemetryError extends Error {
  override readonly name = 'TelemetryError';
  readonly code: TelemetryErrorCode;
  constructor(code: TelemetryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
