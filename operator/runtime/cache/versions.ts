/**
 * Compares resourceVersions of one kind (KEP-5504): by length, then by characters.
 * Answers undefined when one is not a number; then only equality says anything.
 */
export function compareVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === b) return 0;
  if (a === undefined || b === undefined || !digits.test(a) || !digits.test(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

const digits = /^\d+$/;
