/** The exit codes of a run, which the Job's podFailurePolicy knows. */
export const exitCodes = { done: 0, retryable: 10, config: 20, breaker: 30 } as const;

/** One of the exit codes of a run. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a run with an exit code, a stable code and a sentence without any person's data. */
export class RunStopped extends Error {
  override readonly name = 'RunStopped';
  readonly exit: ExitCode;
  readonly code: string;
  constructor(exit: ExitCode, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exit = exit;
    this.code = code;
  }
}

/** Something in the campaign, its Secret or its template is wrong: a person must change it. */
export function badConfig(code: string, message: string, cause?: unknown): RunStopped {
  return new RunStopped(exitCodes.config, code, message, { cause });
}

/** Something outside failed: a later try may succeed. */
export function tryLater(code: string, message: string, cause?: unknown): RunStopped {
  return new RunStopped(exitCodes.retryable, code, message, { cause });
}
