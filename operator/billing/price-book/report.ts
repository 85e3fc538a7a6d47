import type { ConditionIntent } from '../../runtime/index.ts';
import type { Standing, Version } from './decide.ts';

/** What is known of a price book after a pass. */
export interface Findings {
  readonly book: string;
  readonly version: number;
  readonly standing: Standing;
  readonly overlap?: Version;
  readonly ambiguous: readonly string[];
  readonly unordered: readonly string[];
  /** The object that stated this version first, when it says something else. */
  readonly takenBy?: string;
}

/** The conditions of a PriceBook. */
export function conditions(findings: Findings): readonly ConditionIntent[] {
  return [ready(findings), overlapping(findings)];
}

function ready({ book, version, standing, ambiguous, unordered, takenBy }: Findings): ConditionIntent {
  const first = ambiguous[0];
  if (first !== undefined) {
    const message = `SKU ${first} matches the same model and profile as another SKU; create a new version in which each match stands once`;
    return { type: 'Ready', status: 'False', reason: 'AmbiguousSKU', message };
  }
  const [jumbled] = unordered;
  if (jumbled !== undefined) {
    const message = `the steps of SKU ${jumbled} do not rise by upToSeconds; create a new version in which they do`;
    return { type: 'Ready', status: 'False', reason: 'TiersUnordered', message };
  }
  if (takenBy !== undefined) {
    const message = `version ${version} of ${book} was stated before, by PriceBook ${takenBy}, with other prices, and bills may rest on it; use a higher version`;
    return { type: 'Ready', status: 'False', reason: 'VersionTaken', message };
  }
  return { type: 'Ready', status: 'True', ...sentence(book, version, standing) };
}

function sentence(
  book: string,
  version: number,
  standing: Standing,
): { readonly reason: string; readonly message: string } {
  switch (standing.kind) {
    case 'InForce':
      return { reason: 'InForce', message: `version ${version} of ${book} rates usage now` };
    case 'Scheduled':
      return {
        reason: 'Scheduled',
        message: `version ${version} of ${book} rates usage from ${new Date(standing.from).toISOString()}`,
      };
    case 'Superseded':
      return {
        reason: 'Superseded',
        message: `version ${standing.by} of ${book} rates usage now; this one rated what was before`,
      };
  }
}

function overlapping({ overlap, version }: Findings): ConditionIntent {
  if (overlap === undefined) {
    return { type: 'Overlapping', status: 'False', reason: 'Distinct', message: 'no higher version begins earlier' };
  }
  const message = `version ${overlap.version} (PriceBook ${overlap.object}) begins at or before version ${version}, so that this one never is in force`;
  return { type: 'Overlapping', status: 'True', reason: 'NeverInForce', message };
}
