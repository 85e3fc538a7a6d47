/**
 * What a selector of a DeviceClass or of a request says, where it is one of those that NVIDIA and we write: comparisons of
 * attributes with constants, all of which must hold. Anything else is not understood, and said to be.
 */

/** Attributes of devices and the values that they must have; the driver is under `driver`. */
export type Wanted = Readonly<Record<string, string>>;

const terms = [
  /^device\.(?<attribute>driver)\s*==\s*(?<quote>['"])(?<value>[^'"]*)\k<quote>$/,
  /^device\.attributes\[(?<q>['"])gpu\.nvidia\.com\k<q>\]\.(?<attribute>\w+)\s*==\s*(?<quote>['"])(?<value>[^'"]*)\k<quote>$/,
];
const understood: ReadonlySet<string> = new Set(['driver', 'type', 'profile', 'productName']);

/** Reads a CEL expression; undefined when it says something else or contradicts itself. */
export function readSelector(expression: string): Wanted | undefined {
  const wanted: Record<string, string> = {};
  for (const term of expression.split('&&').map((each) => each.trim())) {
    const groups = terms.map((form) => form.exec(term)?.groups).find((found) => found !== undefined);
    const { attribute, value } = groups ?? {};
    if (attribute === undefined || value === undefined || !understood.has(attribute)) return undefined;
    if (wanted[attribute] !== undefined && wanted[attribute] !== value) return undefined;
    wanted[attribute] = value;
  }
  return wanted;
}
