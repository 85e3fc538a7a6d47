import type { JsonSchema } from '../schema.ts';
import { safe, unsafe, type Verdict } from './change.ts';
import { schemaRules } from './rules.ts';

/** A verdict, the rule that gave it and the place it speaks about. */
export interface Finding extends Verdict {
  readonly path: string;
  readonly rule: string;
}

/** Everything that differs between two schemas, parents before children; whole fields are named once, at the top. */
export function compareSchemas(before: JsonSchema, after: JsonSchema, path = ''): readonly Finding[] {
  const here = Object.entries(schemaRules).flatMap(([rule, judge]) =>
    judge(before, after).map((verdict) => ({ ...verdict, rule, path })),
  );
  return [...here, ...insideOf(before, after, path)];
}

function insideOf(before: JsonSchema, after: JsonSchema, path: string): readonly Finding[] {
  const [old, next] = [before.properties ?? {}, after.properties ?? {}];
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])].sort();
  return [
    ...names.flatMap((name) => compareField(old[name], next[name], path === '' ? name : `${path}.${name}`)),
    ...(before.items && after.items ? compareSchemas(before.items, after.items, `${path}[]`) : []),
    ...(typeof before.additionalProperties === 'object' && typeof after.additionalProperties === 'object'
      ? compareSchemas(before.additionalProperties, after.additionalProperties, `${path}{}`)
      : []),
  ];
}

function compareField(before: JsonSchema | undefined, after: JsonSchema | undefined, path: string): readonly Finding[] {
  if (before && after) return compareSchemas(before, after, path);
  const verdict = before ? unsafe('the field is gone, and what it held is dropped') : safe('the field is new');
  return [{ ...verdict, rule: 'field', path }];
}
