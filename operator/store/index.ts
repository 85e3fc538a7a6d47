/** The database: PostgreSQL by URL or embedded PGlite in a locked folder; one schema for both. */
export { doubtUnsettled } from './doubt.ts';
export type { Fence } from './fence.ts';
export type { Migration } from './migration.ts';
export { openStore, type Store, type StoreOptions } from './open-store.ts';
export { rolesScript } from './roles/statements.ts';
export type * from './schema/control.ts';
export type * from './schema/growth.ts';
export type { Schema } from './schema/index.ts';
export type { JournalAccount } from './schema/journal.ts';
export type * from './schema/measure.ts';
export type * from './schema/money.ts';
export type * from './schema/reconcile.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
