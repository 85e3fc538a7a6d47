/**
 * What RE2 reads otherwise than JavaScript or not at all, found in a pattern that JavaScript with the flag `u` takes.
 * RE2 as Go has it (regexp/syntax, flags Perl), since the API server is written in Go.
 */
export function complaintOfRe2(pattern: string): string | undefined {
  try {
    const rest = alternatives({ text: pattern, at: 0 });
    return rest.most > MAX_REPEAT ? tooOften() : undefined;
  } catch (error) {
    if (error instanceof Complaint) return error.message;
    throw error;
  }
}

/** Repetitions inside one another multiply, and may not come to more (regexp/syntax, repeatIsValid). */
const MAX_REPEAT = 1000;
/** General categories of Unicode by their short names; RE2 knows no property by another name that JavaScript knows. */
const CATEGORY = /^(L[ulmto]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfos]?)$/;

class Complaint extends Error {}

interface Cursor {
  readonly text: string;
  at: number;
}

/** How often the repetitions of a part repeat their innermost piece at most. */
interface Part {
  readonly most: number;
}

function alternatives(cursor: Cursor): Part {
  let most = 1;
  while (cursor.at < cursor.text.length && peek(cursor) !== ')') {
    if (peek(cursor) === '|') cursor.at += 1;
    else most = Math.max(most, repeated(cursor));
  }
  return { most };
}

function repeated(cursor: Cursor): number {
  const inner = atom(cursor);
  const count = quantifier(cursor);
  const most = inner * count;
  if (most > MAX_REPEAT) throw new Complaint(tooOften());
  return most;
}

/** `*`, `+` and `?` do not count; a lazy mark belongs to the quantifier before it. */
function quantifier(cursor: Cursor): number {
  const found = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/.exec(cursor.text.slice(cursor.at));
  if (!found) return 1;
  cursor.at += found[0].length;
  return Math.max(1, Number(found[1] ?? 1), Number(found[2] || 1));
}

function atom(cursor: Cursor): number {
  const character = take(cursor);
  if (character === '(') return group(cursor);
  if (character === '[') return characterClass(cursor);
  if (character === '\\') return escaped(cursor, false);
  if (character === '.')
    throw new Complaint('reads a dot otherwise in RE2, where it is any character but \\n; name the characters');
  return 1;
}

function group(cursor: Cursor): number {
  const rest = cursor.text.slice(cursor.at);
  if (/^\?<?[=!]/.test(rest)) throw new Complaint('uses look-ahead or look-behind, which RE2 has not');
  if (rest.startsWith('?<'))
    throw new Complaint('names a group, which API servers before 1.30 do not read; leave the name out');
  cursor.at += /^\?[a-z]*(-[a-z]*)?:/.exec(rest)?.[0].length ?? 0;
  const { most } = alternatives(cursor);
  cursor.at += 1;
  return most;
}

function characterClass(cursor: Cursor): number {
  if (peek(cursor) === '^') cursor.at += 1;
  if (peek(cursor) === ']') throw new Complaint('has an empty class, which RE2 reads as one that holds ]');
  while (peek(cursor) !== ']') {
    const character = take(cursor);
    if (character === '\\') escaped(cursor, true);
    if (character === '[' && peek(cursor) === ':')
      throw new Complaint('holds [: in a class, which RE2 reads as a POSIX class; write \\[');
  }
  cursor.at += 1;
  return 1;
}

/** JavaScript has refused what is no escape of its own; here stands what is none of RE2's, or another one. */
function escaped(cursor: Cursor, inClass: boolean): number {
  const letter = take(cursor);
  if (/[1-9k]/.test(letter)) throw new Complaint('uses a back-reference, which RE2 has not');
  if (letter === 'c') throw new Complaint('uses a control escape, which RE2 has not');
  if (letter === 'u') throw new Complaint('uses a \\u escape, which RE2 has not; write the character itself');
  if (/s/i.test(letter))
    throw new Complaint(`uses \\${letter}, which is more in JavaScript than in RE2; write [ \\t] or what is meant`);
  if (letter === 'b' && inClass) throw new Complaint('uses \\b in a class, which RE2 has not');
  if (/p/i.test(letter)) property(cursor);
  return 1;
}

function property(cursor: Cursor): void {
  const found = /^\{([^}]*)\}/.exec(cursor.text.slice(cursor.at));
  cursor.at += found?.[0].length ?? 0;
  if (!CATEGORY.test(found?.[1] ?? '')) {
    throw new Complaint(
      `uses the property ${found?.[1] ?? ''}, which RE2 does not know by this name; write a category such as Lu`,
    );
  }
}

function peek(cursor: Cursor): string {
  return cursor.text[cursor.at] ?? '';
}

function take(cursor: Cursor): string {
  cursor.at += 1;
  return cursor.text[cursor.at - 1] ?? '';
}

function tooOften(): string {
  return `repeats something more than ${MAX_REPEAT} times, which RE2 refuses`;
}
