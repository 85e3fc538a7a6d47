import type { Migration } from '../migration.ts';

/** Intervals, the grid of sealed windows, and the usage they state. */
export const measure: Migration = {
  name: '0002-measure',
  statements: [
    `CREATE TABLE alloc_interval (
      uid text NOT NULL,
      device_key text NOT NULL,
      opened_at timestamptz NOT NULL,
      closed_at timestamptz CHECK (closed_at >= opened_at),
      tenant text NOT NULL,
      namespace text NOT NULL,
      pod text NOT NULL,
      node text NOT NULL,
      model text NOT NULL,
      profile text NOT NULL,
      meter text NOT NULL,
      units integer NOT NULL CHECK (units > 0),
      estimated boolean NOT NULL DEFAULT false,
      PRIMARY KEY (uid, device_key, opened_at)
    )`,
    `CREATE UNIQUE INDEX alloc_interval_open ON alloc_interval (uid, device_key) WHERE closed_at IS NULL`,
    `CREATE INDEX alloc_interval_closed ON alloc_interval (closed_at)`,
    `CREATE TABLE watermark (name text PRIMARY KEY, at timestamptz NOT NULL)`,
    `CREATE TABLE remainder (
      tenant text NOT NULL,
      meter text NOT NULL,
      carry_ms bigint NOT NULL CHECK (carry_ms BETWEEN 0 AND 999),
      PRIMARY KEY (tenant, meter)
    )`,
    `CREATE TABLE late_change (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant text NOT NULL,
      meter text NOT NULL,
      from_at timestamptz NOT NULL,
      to_at timestamptz NOT NULL
    )`,
    `CREATE TABLE sealed_grid (
      window_start timestamptz PRIMARY KEY,
      window_end timestamptz NOT NULL UNIQUE CHECK (window_end > window_start)
    )`,
    `CREATE TABLE usage_window (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant text NOT NULL,
      meter text NOT NULL,
      model text NOT NULL,
      profile text NOT NULL,
      window_start timestamptz NOT NULL,
      window_end timestamptz NOT NULL,
      revision integer NOT NULL CHECK (revision > 0),
      exact_ms bigint NOT NULL,
      carry_ms bigint NOT NULL,
      quantity numeric(38,0) NOT NULL,
      estimated boolean NOT NULL,
      prev_hash text NOT NULL,
      hash text NOT NULL,
      UNIQUE (meter, tenant, window_start, revision)
    )`,
    `CREATE INDEX usage_window_chain ON usage_window (tenant, id)`,
    `CREATE INDEX usage_window_tenant ON usage_window (tenant, window_start)`,
  ],
};
