/** Stores for tests: fresh ones of both kinds, emptied between tests. */
export { type StartedPostgres, startPostgres } from './postgres.ts';
export { asOwner, emptyTables, storeForFile, storeKinds, testStores } from './stores.ts';
