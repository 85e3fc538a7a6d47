import type { Migration } from '../migration.ts';

/** Credit of tenants. What a lot has given and what lapsed stand beside it; the journal has each step, numbered by `steps`. */
export const credits: Migration = {
  name: '0021-credits',
  statements: [
    `CREATE TABLE credit_lot (
      name text PRIMARY KEY,
      tenant text NOT NULL,
      currency text NOT NULL,
      amount numeric(38,12) NOT NULL CHECK (amount >= 0),
      priority integer NOT NULL,
      granted_at timestamptz NOT NULL,
      expires_at timestamptz,
      drawn numeric(38,12) NOT NULL DEFAULT 0 CHECK (drawn >= 0),
      lapsed numeric(38,12) NOT NULL DEFAULT 0 CHECK (lapsed >= 0),
      steps integer NOT NULL DEFAULT 0,
      CHECK (drawn + lapsed <= amount)
    )`,
    `CREATE INDEX credit_lot_tenant ON credit_lot (tenant, currency)`,
  ],
};
