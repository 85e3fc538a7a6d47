/** @module MIG geometry: which profiles a GPU has, where they may sit and what they are worth. */
export { type Geometry, MIG_MODELS, type MigModel, type ProfileShape } from './geometry.ts';
export { placeLayout, type SlotPlacement } from './layout.ts';
export {
  findMigModel,
  type MigProfile,
  migEquivalentMilli,
  migProfileName,
  migResourceMilli,
  migResourceName,
  parseMigProfile,
  parseMigResource,
  profileNames,
  profileShape,
} from './profile.ts';
