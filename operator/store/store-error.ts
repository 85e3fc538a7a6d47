/** Stable codes of what can go wrong with the store. */
export type StoreErrorCode =
  | 'StoreLocked'
  | 'StoreUnreachable'
  | 'StoreMigrationFailed'
  | 'StoreBusy'
  | 'StoreOptions'
  | 'StoreFenced';

/** A failure of the store: `code` is stable, the message names the cause and the remedy. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
