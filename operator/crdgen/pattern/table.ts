/** One pattern, what the generator says of it, and whether the API server takes it. */
export interface PatternRow {
  readonly pattern: string;
  /** Part of the complaint; absent for a pattern that is read alike everywhere. */
  readonly says?: string;
  /** True for what the API server takes, but reads otherwise than JavaScript does. */
  readonly taken?: true;
}

const JAVASCRIPT = 'does not compile in JavaScript';
const OFTEN = 'more than 1000 times';

/** Patterns for the unit test, and for the scenario that asks a real API server about each. */
export const patterns: readonly PatternRow[] = [
  { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' },
  { pattern: '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE])?$' },
  { pattern: '^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$' },
  { pattern: '^[^\\r\\n]+@[^\\r\\n]+$' },
  { pattern: '^\\d{4}-\\d{2}\\b' },
  { pattern: '^a{1000}$' },
  { pattern: '^(a{10}){100}$' },
  { pattern: '^a+?b*?c??$' },
  { pattern: '^(?:a|b|)$' },
  { pattern: '^(?i:abc)$' },
  { pattern: '^\\p{Lu}\\p{L}*$' },
  { pattern: '^[\\p{L}\\-_]+$' },
  { pattern: '^\\x41\\n\\t$' },
  { pattern: '^[a\\]b]$' },
  { pattern: '^[ä😀]+$' },
  { pattern: '' },
  { pattern: '^(?!a)b$', says: 'look-ahead' },
  { pattern: '^(?=a)a$', says: 'look-ahead' },
  { pattern: '^(?<=a)b$', says: 'look-behind' },
  { pattern: '^(?<!a)b$', says: 'look-behind' },
  { pattern: '^(a)\\1$', says: 'back-reference' },
  { pattern: '^(?<x>a)\\k<x>$', says: 'names a group' },
  { pattern: '^(?<x>a)$', says: 'names a group', taken: true },
  { pattern: '^a{1001}$', says: OFTEN },
  { pattern: '^a{1,1001}$', says: OFTEN },
  { pattern: '^a{1001,}$', says: OFTEN },
  { pattern: '^(a{11}){100}$', says: OFTEN },
  { pattern: '^((a{10}){10}b|c){11}$', says: OFTEN },
  { pattern: '^\\cA$', says: 'control escape' },
  { pattern: '^\\u0041$', says: '\\u escape' },
  { pattern: '^[\\b]$', says: '\\b in a class' },
  { pattern: '^\\p{Script=Greek}$', says: 'the property Script=Greek' },
  { pattern: '^[]$', says: 'empty class' },
  { pattern: '^[^]$', says: 'empty class' },
  { pattern: '^[]a]$', says: JAVASCRIPT, taken: true },
  { pattern: '^[[:alpha:]]$', says: JAVASCRIPT, taken: true },
  { pattern: '^[[:a:]$', says: '[: in a class' },
  { pattern: '^\\s*$', says: '\\s', taken: true },
  { pattern: '^.*$', says: 'reads a dot otherwise', taken: true },
  { pattern: '^a\\_b$', says: JAVASCRIPT, taken: true },
  { pattern: '^\\Qa.b\\E$', says: JAVASCRIPT, taken: true },
  { pattern: '^(?i)abc$', says: JAVASCRIPT, taken: true },
  { pattern: '^(?P<x>a)$', says: JAVASCRIPT, taken: true },
  { pattern: '^a\\z', says: JAVASCRIPT, taken: true },
  { pattern: '^a{,3}$', says: JAVASCRIPT, taken: true },
  { pattern: '^a**$', says: JAVASCRIPT },
  { pattern: '^(a$', says: JAVASCRIPT },
  { pattern: '^[b-a]$', says: JAVASCRIPT },
];
