/** What can go wrong while a cluster is built, started or stopped; stable, for tests and scripts. */
export type ClusterErrorCode =
  | 'PrerequisiteMissing'
  | 'BuildFailed'
  | 'ClusterBusy'
  | 'ClusterAbsent'
  | 'StartFailed'
  | 'StopFailed'
  | 'CommandFailed'
  | 'NoFreeSubnet'
  | 'Unsupported';

/** An error of the test cluster: the sentence names what was found and the remedy. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ClusterError';
    this.code = code;
  }
}
