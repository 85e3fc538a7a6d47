/**
 * How much a change matters. `error`: objects or users of a stable version break, or the API server refuses. `warning`:
 * the same in an alpha version, which may change; it belongs into the release notes. `safe`: nothing that was valid is
 * refused, nothing that was stored is lost.
 */
export type Level = 'error' | 'warning' | 'safe';

/** One difference between two definitions of a kind. */
export interface Change {
  /** Name of the definition: plural and group. */
  readonly crd: string;
  /** Empty when the whole definition is meant. */
  readonly version: string;
  /** As `kubectl explain` writes it, with `[]` for entries of lists and `{}` for values of maps; empty for no field. */
  readonly path: string;
  /** The rule that found it: stable, one word. */
  readonly rule: string;
  readonly level: Level;
  readonly message: string;
}

/** What a rule found, before it is known how stable the version is. */
export interface Verdict {
  readonly safe: boolean;
  readonly message: string;
}

/** A change that loses or refuses something. */
export function unsafe(message: string): Verdict {
  return { safe: false, message };
}

/** A change that only widens. */
export function safe(message: string): Verdict {
  return { safe: true, message };
}

/** The level of an unsafe change in a version: an alpha may break, with a line in the release notes. */
export function levelOf(version: string): Level {
  return /^v\d+alpha\d+$/.test(version) ? 'warning' : 'error';
}
