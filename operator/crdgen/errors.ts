/** A place in a source file, printed as `file:line`. */
export interface Location {
  readonly file: string;
  readonly line: number;
}

/**
 * A type or tag that cannot become a custom resource; the message says what to write instead.
 * @remedy write what the message says at its file and line, then run make generate
 */
export class ApiTypeError extends Error {
  readonly code = 'CRDGEN_API_TYPE';
  readonly at: Location;

  constructor(at: Location, message: string, options?: ErrorOptions) {
    super(`${at.file}:${at.line}: ${message}`, options);
    this.name = 'ApiTypeError';
    this.at = at;
  }
}
