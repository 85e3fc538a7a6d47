/** Stable codes of what can go wrong with the store. */
export type StoreErrorCode =
  | 'StoreLocked'
  | 'StoreUnreachable'
  | 'StoreMigrationFailed'
  | 'StoreVersion'
  | 'StoreRightsMissing'
  | 'StoreBusy'
  | 'StoreOptions'
  | 'StoreFenced'
  | 'StoreRolesMissing'
  | 'StoreBackupInvalid'
  | 'StoreNotEmpty';

/**
 * A failure of the store: `code` is stable, the message names the cause and the remedy.
 * @means StoreLocked: another process has the data folder of the embedded database open
 * @remedy StoreLocked: end the other process that has the data folder open, which the message names
 * @means StoreUnreachable: the database does not answer, or does not open
 * @remedy StoreUnreachable: check --database-url, the server and its network policy; for an embedded database look at
 *   the cause, and restore the folder from a backup if it is damaged
 * @means StoreMigrationFailed: a change of the schema failed and was rolled back
 * @remedy StoreMigrationFailed: nothing was changed: look at the cause, then start the version before, or correct the
 *   database
 * @means StoreVersion: the schema is of another version than the command that would read it
 * @remedy StoreVersion: use the version that works on the database, or bring the schema up to date with
 *   `gpuopt store migrate`
 * @means StoreRightsMissing: the login may not read the store
 * @remedy StoreRightsMissing: let a database administrator grant it the role gpuopt_reader
 * @means StoreBusy: a query waited too long for the embedded database
 * @remedy StoreBusy: report it as a defect of the operator, with the log line
 * @means StoreOptions: no place of the store was named, or two were
 * @remedy StoreOptions: name one of --database-url and --data-dir
 * @means StoreFenced: another process leads since
 * @remedy StoreFenced: nothing: this process ends, and the one that leads goes on
 * @means StoreRolesMissing: the database has not the roles that keep tenants apart
 * @remedy StoreRolesMissing: let a database administrator run what `gpuopt store roles --login LOGIN` prints, and start
 *   the operator again
 * @means StoreBackupInvalid: a backup cannot be written there, or is not whole, or is of another version
 * @remedy StoreBackupInvalid: the message says what is wrong; name another file, or another backup
 * @means StoreNotEmpty: a backup would be restored over what is there
 * @remedy StoreNotEmpty: restore into an empty database, or replace everything with --force
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
