/** Stores for tests: fresh ones of both kinds, emptied between tests. */
export { emptyTables, storeKinds, testStores } from './stores.ts';
