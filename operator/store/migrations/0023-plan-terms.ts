import type { Migration } from '../migration.ts';

/**
 * What each tenant was held to from when on: his plan's fee and commitment for a month, in minor units. A row holds until the
 * tenant's next one; one without a plan ends what was before it.
 */
export const planTerms: Migration = {
  name: '0023-plan-terms',
  statements: [
    `CREATE TABLE plan_term (
      tenant text NOT NULL,
      started_at timestamptz NOT NULL,
      plan text,
      currency text,
      fee numeric(38,12) CHECK (fee >= 0),
      minimum numeric(38,12) CHECK (minimum >= 0),
      maximum numeric(38,12) CHECK (maximum >= 0),
      PRIMARY KEY (tenant, started_at),
      CHECK ((plan IS NULL) = (currency IS NULL) AND (plan IS NULL) = (fee IS NULL)),
      CHECK (plan IS NOT NULL OR (minimum IS NULL AND maximum IS NULL))
    )`,
  ],
};
