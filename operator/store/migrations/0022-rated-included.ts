import type { Migration } from '../migration.ts';

/** What a plan included when a window was rated: with the tiers and what the month held, all that its amount rests on. */
export const ratedIncluded: Migration = {
  name: '0022-rated-included',
  statements: [`ALTER TABLE charge ADD COLUMN included numeric(38,0)`],
};
