/** What the rest of the project may use of the generator: checks of objects and definitions without a cluster. */
export type { Crd } from './crd.ts';
export type { Change } from './diff/change.ts';
export { compareCrds } from './diff/crds.ts';
export { readCrds } from './diff/read.ts';
export { judgeOffline, validateOffline } from './offline/validate.ts';
