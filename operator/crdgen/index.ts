/** What the rest of the project may use of the generator: checks without a cluster, and the table that proves them. */
export { countClusterRules, type Finding, validateOffline } from './offline/validate.ts';
export { sampleTables } from './samples/index.ts';
