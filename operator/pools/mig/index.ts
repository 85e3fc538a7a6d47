/** @module MIG geometry: which profiles a GPU has, where they may sit and what they are worth. */
export { MIG_MODELS, type MigModel } from './geometry.ts';
export { placeLayout } from './layout.ts';
export {
  findMigModel,
  migEquivalentMilli,
  migProfileName,
  migResourceMilli,
  migResourceName,
  parseMigProfile,
  parseMigResource,
  profileNames,
  profileShape,
} from './profile.ts';
export { fitsAnySlots, robustCuts } from './robust.ts';
export { migShare } from './share.ts';
