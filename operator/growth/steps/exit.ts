/** The exit codes of a run, which the Job's podFailurePolicy knows. */
export const exitCodes = { done: 0, retryable: 10, config: 20, breaker: 30 } as const;

/** One of the exit codes of a run. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * Ends a run with an exit code, a stable code and a sentence without any person's data.
 * @means BounceBreaker: too many addresses were refused
 * @remedy BounceBreaker: clean the list of addresses, then start a new period
 * @means InvalidCsv: the CSV of contacts cannot be read
 * @remedy InvalidCsv: correct the CSV at the line that the message names
 * @means InvalidSubject: the subject of a mail cannot be used
 * @remedy InvalidSubject: correct the subject of the template
 * @means InvalidTemplate: a template cannot be parsed or rendered
 * @remedy InvalidTemplate: correct the template that the message names
 * @means JobNotRegistered: the operator did not register the Job in time
 * @remedy JobNotRegistered: nothing if it passes; else check that the operator runs and reconciles the campaign
 * @means MissingColumns: the CSV of contacts lacks columns
 * @remedy MissingColumns: add the columns that the message names to the CSV
 * @means MissingInput: a mounted Secret or ConfigMap key is missing
 * @remedy MissingInput: create the Secret or ConfigMap key that the message names in the campaign's namespace
 * @means NotCompliant: the channel lacks what the law asks of mails
 * @remedy NotCompliant: give the channel a postal address and an https unsubscribe URL
 * @means RunHeld: another attempt works on the period
 * @remedy RunHeld: nothing: the other attempt works on the period
 * @means SmtpRefused: the SMTP server refuses the channel
 * @remedy SmtpRefused: correct the credentials or the sender of the channel
 * @means SmtpUnavailable: the SMTP server does not answer, or asks to come later
 * @remedy SmtpUnavailable: nothing if it passes; else check the SMTP server of the channel
 */
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
