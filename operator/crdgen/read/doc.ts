import type { Location } from '../errors.ts';

/** One use of a tag: `@name payload`. */
export interface TagUse {
  readonly name: string;
  readonly payload: string;
  readonly at: Location;
}

/** A doc comment: prose, then tags in source order. */
export interface Doc {
  readonly prose: string;
  readonly tags: readonly TagUse[];
}

const TAG = /^@([A-Za-z]+)(.*)$/;

/**
 * Reads a doc comment from its raw text. TypeScript's own reading is not used: it swallows the payload of tags that it
 * knows (`@enum`, `@type`) and the lines of those that it does not.
 */
export function parseDoc(text: string, at: Location): Doc {
  const prose: string[] = [];
  const tags: { name: string; payload: string; at: Location }[] = [];
  for (const [index, line] of contentLines(text).entries()) {
    const match = TAG.exec(line);
    const open = tags.at(-1);
    if (match?.[1]) {
      tags.push({ name: match[1], payload: (match[2] ?? '').trim(), at: { file: at.file, line: at.line + index } });
    } else if (open) {
      open.payload = `${open.payload} ${line}`.trim();
    } else {
      prose.push(line);
    }
  }
  return { prose: paragraphs(prose), tags };
}

/** The text of each line without the comment's marks; a comment writes its own end as `*\/`. */
function contentLines(text: string): string[] {
  const body = text.replace(/^\/\*\*/, '').replace(/\*\/$/, '');
  return body.split('\n').map((line) =>
    line
      .replace(/^\s*\*( |$)/, '')
      .trim()
      .replaceAll('*\\/', '*/'),
  );
}

function paragraphs(lines: readonly string[]): string {
  return lines
    .join('\n')
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.split('\n').join(' ').trim())
    .filter((paragraph) => paragraph !== '')
    .join('\n');
}
