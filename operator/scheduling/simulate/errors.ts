/**
 * A trace that cannot be read: which file, line and field, what it holds and what to write instead.
 * @remedy correct the line and field that the sentence names
 */
export class TraceError extends Error {
  readonly code = 'GPUOPT_TRACE_INVALID';
  readonly file: string;
  readonly line: number;
  readonly field: string;

  constructor(at: { file: string; line: number; field: string }, problem: string, remedy: string, cause?: unknown) {
    super(`${at.file}:${at.line}: ${at.field}: ${problem}; ${remedy}`, { cause });
    this.name = 'TraceError';
    this.file = at.file;
    this.line = at.line;
    this.field = at.field;
  }
}

/**
 * A command line that asks for something this version cannot do, with the values it can.
 * @remedy choose one of the values that the sentence names
 */
export class UsageError extends Error {
  readonly code = 'GPUOPT_SIMULATE_USAGE';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
