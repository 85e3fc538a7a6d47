import type { JsonSchema, ValidationRule } from '../schema.ts';
import { lowerBound, upperBound } from './bounds.ts';
import { safe, unsafe, type Verdict } from './change.ts';

/** Judges what became of one place of a schema. */
export type SchemaRule = (before: JsonSchema, after: JsonSchema) => readonly Verdict[];

/**
 * The changes that OLM prohibits (operator-framework/operator-controller, CRD upgrade safety; kubernetes-sigs/crdify),
 * and those it would call unknown, each under a name of its own. A field that is gone is found by the walk.
 */
export const schemaRules: Readonly<Record<string, SchemaRule>> = {
  type: (before, after) => changed('type', typeOf(before), typeOf(after)),
  format: judgeFormat,
  required: judgeRequired,
  enum: judgeEnum,
  default: judgeDefault,
  minimum: lowerBound('minimum'),
  maximum: upperBound('maximum'),
  minLength: lowerBound('minLength'),
  maxLength: upperBound('maxLength'),
  minItems: lowerBound('minItems'),
  maxItems: upperBound('maxItems'),
  minProperties: lowerBound('minProperties'),
  maxProperties: upperBound('maxProperties'),
  multipleOf: judgeMultiple,
  pattern: ({ pattern: old }, { pattern: next }) => tightened('pattern', old, next),
  nullable: (before, after) => flag('null', before.nullable, after.nullable),
  unknownFields: (before, after) =>
    flag('unknown content', before[PRESERVE_UNKNOWN] ?? anyValue(before), after[PRESERVE_UNKNOWN] ?? anyValue(after)),
  merge: judgeMerge,
  rules: judgeRules,
  other: judgeOther,
};

const PRESERVE_UNKNOWN = 'x-kubernetes-preserve-unknown-fields';
const MERGE = ['x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type'] as const;

/** What other rules look at, what the walk descends into, and what says nothing about values. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['type', 'format', 'required', 'enum', 'default', 'multipleOf', 'pattern', 'nullable'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'minProperties', 'maxProperties'],
  ...['properties', 'items', 'additionalProperties', 'description', 'title', 'example', 'externalDocs'],
  ...['x-kubernetes-validations', 'x-kubernetes-int-or-string', 'x-kubernetes-embedded-resource'],
  ...[PRESERVE_UNKNOWN, ...MERGE],
]);

/** A map and an object, a whole resource and a plain object are different types to whoever reads them. */
function typeOf(schema: JsonSchema): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string';
  if (schema['x-kubernetes-embedded-resource']) return 'resource';
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') return 'map';
  return schema.type ?? 'any';
}

function anyValue(schema: JsonSchema): boolean | undefined {
  return schema.additionalProperties === true ? true : undefined;
}

function judgeFormat({ format: old }: JsonSchema, { format: next }: JsonSchema): readonly Verdict[] {
  if (old === 'int32' && next === 'int64') return [safe('format was int32 and is int64')];
  return tightened('format', old, next);
}

function judgeRequired({ required: old = [] }: JsonSchema, { required: next = [] }: JsonSchema): readonly Verdict[] {
  const added = next.filter((name) => !old.includes(name)).map((name) => unsafe(`${name} is required now`));
  const freed = old.filter((name) => !next.includes(name)).map((name) => safe(`${name} is not required any more`));
  return [...added, ...freed];
}

function judgeEnum({ enum: old }: JsonSchema, { enum: next }: JsonSchema): readonly Verdict[] {
  if (!old && next) return [unsafe(`only ${next.join(', ')} are allowed now`)];
  if (old && !next) return [safe('any value is allowed now')];
  const gone = old?.filter((value) => !next?.includes(value)) ?? [];
  const added = next?.filter((value) => !old?.includes(value)) ?? [];
  return [
    ...(gone.length > 0 ? [unsafe(`${gone.join(', ')} is not allowed any more`)] : []),
    ...(added.length > 0 ? [safe(`${added.join(', ')} is allowed now`)] : []),
  ];
}

function judgeDefault({ default: old }: JsonSchema, { default: next }: JsonSchema): readonly Verdict[] {
  if (same(old, next)) return [];
  if (old === undefined) return [unsafe(`the default ${JSON.stringify(next)} is new`)];
  if (next === undefined) return [unsafe(`the default ${JSON.stringify(old)} is gone`)];
  return [unsafe(`the default was ${JSON.stringify(old)} and is ${JSON.stringify(next)}`)];
}

function judgeMultiple({ multipleOf: old }: JsonSchema, { multipleOf: next }: JsonSchema): readonly Verdict[] {
  if (old !== undefined && next !== undefined && old !== next && old % next === 0) {
    return [safe(`multipleOf was ${old} and is ${next}`)];
  }
  return tightened('multipleOf', old, next);
}

function judgeMerge(before: JsonSchema, after: JsonSchema): readonly Verdict[] {
  return MERGE.flatMap((keyword) => changed(keyword, before[keyword], after[keyword]));
}

function judgeRules(before: JsonSchema, after: JsonSchema): readonly Verdict[] {
  const [old, next] = [rulesOf(before), rulesOf(after)];
  const added = next.filter((rule) => !old.includes(rule)).map((rule) => unsafe(`the rule ${rule} is new`));
  const gone = old.filter((rule) => !next.includes(rule)).map((rule) => safe(`the rule ${rule} is gone`));
  return [...added, ...gone];
}

function rulesOf(schema: JsonSchema): readonly string[] {
  return (schema['x-kubernetes-validations'] ?? []).map(({ rule }: ValidationRule) => rule);
}

/** A keyword that no rule knows may mean anything. */
function judgeOther(before: JsonSchema, after: JsonSchema): readonly Verdict[] {
  const [old, next] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...old.keys(), ...next.keys()])]
    .filter((keyword) => !KNOWN.has(keyword))
    .flatMap((keyword) => changed(keyword, old.get(keyword), next.get(keyword)));
}

function changed(what: string, old: unknown, next: unknown): readonly Verdict[] {
  if (same(old, next)) return [];
  if (old === undefined) return [unsafe(`${what} ${words(next)} is new`)];
  if (next === undefined) return [unsafe(`${what} ${words(old)} is gone`)];
  return [unsafe(`${what} was ${words(old)} and is ${words(next)}`)];
}

/** Something that only narrows: without it everything is allowed. */
function tightened(what: string, old: unknown, next: unknown): readonly Verdict[] {
  return old !== undefined && next === undefined ? [safe(`${what} ${words(old)} is gone`)] : changed(what, old, next);
}

function flag(what: string, old: boolean | undefined, next: boolean | undefined): readonly Verdict[] {
  if (Boolean(old) === Boolean(next)) return [];
  return [next ? safe(`${what} is allowed now`) : unsafe(`${what} is not allowed any more`)];
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, sorted(child)]),
  );
}
