import { ApiTypeError, type Location } from '../errors.ts';
import type { Node } from '../model.ts';
import { asInteger } from './number.ts';
import { count, oneOf, type SealedTag, tag, withFacets } from './tag.ts';

const NUMBER_FORMATS = ['int32', 'int64', 'double'] as const;
const STRING_FORMATS = ['date-time', 'date', 'uuid', 'uri', 'byte', 'ipv4', 'ipv6', 'cidr'] as const;

function applyFormat(
  node: Node,
  format: (typeof NUMBER_FORMATS)[number] | (typeof STRING_FORMATS)[number],
  at: Location,
): Node {
  const numeric = NUMBER_FORMATS.some((known) => known === format);
  if (numeric !== (node.type !== 'string')) {
    throw new ApiTypeError(at, `@format ${format} does not go with a ${node.type}`);
  }
  if (format === 'int32' || format === 'int64') return asInteger(node, format);
  return withFacets(node, { format });
}

/** Tags on strings, and the format of strings and numbers. */
export const stringTags: readonly SealedTag[] = [
  tag({
    name: 'format',
    allowedOn: ['string', 'number', 'integer'],
    order: 0,
    parse: oneOf(...NUMBER_FORMATS, ...STRING_FORMATS),
    apply: applyFormat,
    help: 'int32 and int64 make an integer with bounds; date-time is RFC 3339; double is for status only',
  }),
  tag({
    name: 'minLength',
    allowedOn: ['string'],
    order: 10,
    parse: count,
    apply: (node, minLength) => withFacets(node, { minLength }),
    help: 'the least number of characters',
  }),
  tag({
    name: 'maxLength',
    allowedOn: ['string'],
    order: 10,
    parse: count,
    apply: (node, maxLength) => withFacets(node, { maxLength }),
    help: 'the greatest number of characters; every string needs it, except enums and times',
  }),
  tag({
    name: 'pattern',
    allowedOn: ['string'],
    order: 10,
    parse: (payload, at) => {
      checkPattern(payload, at);
      return payload;
    },
    apply: (node, pattern) => withFacets(node, { pattern }),
    help: 'a regular expression that RE2 and JavaScript read alike',
  }),
];

/** Constructs that JavaScript has and RE2 has not. */
const NOT_IN_RE2: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'look-ahead and look-behind'],
  [/\\[1-9]/, 'back-references'],
  [/\\k</, 'back-references'],
  [/\\c[A-Za-z]/, 'control escapes'],
  [/\\u/, '\\u escapes'],
  [/\[\^?\]/, 'empty classes'],
];
/** RE2 refuses a repetition above this (google/re2 re2/parse.cc, kMaxRepeat). */
const MAX_REPEAT = 1000;

function checkPattern(pattern: string, at: Location): void {
  try {
    new RegExp(pattern, 'u');
  } catch (cause) {
    throw new ApiTypeError(at, `@pattern ${pattern} does not compile in JavaScript with the flag u`, { cause });
  }
  for (const [construct, words] of NOT_IN_RE2) {
    if (construct.test(pattern)) throw new ApiTypeError(at, `@pattern ${pattern} uses ${words}, which RE2 has not`);
  }
  for (const [, least = '0', most = '0'] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    if (Math.max(Number(least), Number(most)) > MAX_REPEAT) {
      throw new ApiTypeError(at, `@pattern ${pattern} repeats more than ${MAX_REPEAT} times, which RE2 refuses`);
    }
  }
}
