/** A command that cannot do what was asked; the sentence names the flag or file, the value and the remedy. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: 'Usage' | 'NotFound' | 'Unreachable';
  /** 2 for wrong use or input, 3 for something that cannot be reached. */
  readonly exitCode: 2 | 3;
  constructor(code: CliError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.exitCode = code === 'Unreachable' ? 3 : 2;
  }
}
