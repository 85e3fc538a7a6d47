/**
 * A command that cannot do what was asked; the sentence names the flag or file, the value and the remedy.
 * @means Usage: a flag or a file is wrong
 * @remedy Usage: correct the flag or file that the sentence names; --help shows an example
 * @means NotFound: what was asked about is not there
 * @remedy NotFound: check the name and the namespace; kubectl get shows what there is
 * @means Unreachable: the cluster or the operator cannot be reached, or refuses
 * @remedy Unreachable: check the kubeconfig, its context and whether the API server answers kubectl
 */
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
