import { complaintOfRe2 } from './re2.ts';

/** What is wrong with a pattern that the API server (RE2) and everyone else (JavaScript with `u`) must read alike. */
export function complaintOf(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'does not compile in JavaScript with the flag u';
  }
  return complaintOfRe2(pattern);
}
