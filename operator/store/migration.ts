/**
 * One step of the schema, forward only. The SQL is the same for PostgreSQL 15 to 18 and PGlite;
 * a released migration never changes.
 */
export interface Migration {
  /** `NNNN-name`; the order of the names is the order of application. */
  readonly name: string;
  /** One SQL statement each: PGlite's extended protocol takes no more at once. */
  readonly statements: readonly string[];
}
