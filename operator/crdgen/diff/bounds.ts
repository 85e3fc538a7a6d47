import type { JsonSchema } from '../schema.ts';
import { safe, unsafe, type Verdict } from './change.ts';

type Bound =
  | 'minimum'
  | 'maximum'
  | 'minLength'
  | 'maxLength'
  | 'minItems'
  | 'maxItems'
  | 'minProperties'
  | 'maxProperties';

const EXCLUSIVE: Partial<Record<Bound, 'exclusiveMinimum' | 'exclusiveMaximum'>> = {
  minimum: 'exclusiveMinimum',
  maximum: 'exclusiveMaximum',
};

/** A rule for a lower bound: raising or adding it refuses what was valid. */
export function lowerBound(keyword: Bound): (before: JsonSchema, after: JsonSchema) => readonly Verdict[] {
  return (before, after) => judge(keyword, before, after, (old, next) => next > old);
}

/** A rule for an upper bound: lowering or adding it refuses what was valid. */
export function upperBound(keyword: Bound): (before: JsonSchema, after: JsonSchema) => readonly Verdict[] {
  return (before, after) => judge(keyword, before, after, (old, next) => next < old);
}

function judge(
  keyword: Bound,
  before: JsonSchema,
  after: JsonSchema,
  tightens: (old: number, next: number) => boolean,
): readonly Verdict[] {
  const [old, next] = [before[keyword], after[keyword]];
  if (old === next) return next === undefined ? [] : judgeEdge(keyword, before, after);
  if (next === undefined) return [safe(`${keyword} ${old} is gone`)];
  if (old === undefined) return [unsafe(`${keyword} ${next} is new`)];
  const text = `${keyword} was ${old} and is ${next}`;
  return [tightens(old, next) ? unsafe(text) : safe(text)];
}

/** The same bound may stop or begin to belong to the range. */
function judgeEdge(keyword: Bound, before: JsonSchema, after: JsonSchema): readonly Verdict[] {
  const exclusive = EXCLUSIVE[keyword];
  if (!exclusive || Boolean(before[exclusive]) === Boolean(after[exclusive])) return [];
  return [
    after[exclusive]
      ? unsafe(`${keyword} does not belong to the range any more`)
      : safe(`${keyword} now belongs to the range`),
  ];
}
