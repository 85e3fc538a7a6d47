/** Which version of a price list is in force; pure. */

/** A version of a list; times in milliseconds since 1970. */
export interface Version {
  readonly object: string;
  readonly version: number;
  readonly from: number;
}

/** What a version is at a moment. */
export type Standing =
  | { readonly kind: 'InForce' }
  | { readonly kind: 'Scheduled'; readonly from: number }
  | { readonly kind: 'Superseded'; readonly by: number };

/** The highest version whose time has come is in force; higher ones are scheduled, lower ones superseded. */
export function standing(version: number, versions: readonly Version[], now: number): Standing {
  const mine = versions.find((one) => one.version === version);
  if (mine !== undefined && mine.from > now) return { kind: 'Scheduled', from: mine.from };
  const highest = versions.filter(({ from }) => from <= now).reduce((top, one) => Math.max(top, one.version), 0);
  return highest > version ? { kind: 'Superseded', by: highest } : { kind: 'InForce' };
}

/** The first higher version that begins at or before this one: then this one never is in force. */
export function overlapping(version: number, versions: readonly Version[]): Version | undefined {
  const mine = versions.find((one) => one.version === version);
  return mine && versions.find((one) => one.version > version && one.from <= mine.from);
}

/** Names of SKUs that match the same allocations as an earlier SKU. */
export function ambiguousSkus(
  skus: readonly { readonly name: string; readonly model: string; readonly profile: string }[],
): readonly string[] {
  const seen = new Set<string>();
  return skus.flatMap(({ name, model, profile }) => {
    const key = `${model} ${profile}`;
    if (seen.has(key)) return [name];
    seen.add(key);
    return [];
  });
}

/** The next moment at which a version comes into force, in milliseconds since 1970. */
export function nextChange(versions: readonly Version[], now: number): number | undefined {
  const later = versions.map(({ from }) => from).filter((from) => from > now);
  return later.length === 0 ? undefined : Math.min(...later);
}

/** Names of SKUs whose tiers do not rise, the one without an end last. */
export function unorderedTiers(
  skus: readonly { readonly name: string; readonly ends: readonly (string | undefined)[] }[],
): readonly string[] {
  return skus.filter(({ ends }) => !rises(ends)).map(({ name }) => name);
}

function rises(ends: readonly (string | undefined)[]): boolean {
  return ends.every((end, index) => {
    if (index === 0) return true;
    const before = ends[index - 1];
    return before !== undefined && (end === undefined || BigInt(end) > BigInt(before));
  });
}
