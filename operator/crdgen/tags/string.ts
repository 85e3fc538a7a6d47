import { ApiTypeError, type Location } from '../errors.ts';
import type { Node } from '../model.ts';
import { complaintOf } from '../pattern/index.ts';
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
    parse: checkPattern,
    apply: (node, pattern) => withFacets(node, { pattern }),
    help: 'a regular expression that RE2 and JavaScript read alike',
  }),
];

function checkPattern(pattern: string, at: Location): string {
  const complaint = complaintOf(pattern);
  if (complaint) throw new ApiTypeError(at, `@pattern ${pattern} ${complaint}`);
  return pattern;
}
