/** What the scenarios ask a real Prometheus: every expression of every panel. */
import { fleet } from './fleet.ts';

/** The expressions of all panels. */
export const panelExpressions: readonly string[] = fleet.rows.flatMap(({ panels }) =>
  panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
);
