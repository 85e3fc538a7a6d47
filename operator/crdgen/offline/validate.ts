import schemas from '../generated/schemas.json' with { type: 'json' };
import type { Json, JsonSchema } from '../schema.ts';
import { compileSchema } from './ajv.ts';
import { wordingOf } from './messages.ts';
import { prepare } from './prepare.ts';
import { judgeRules, type UnjudgedRule } from './rules.ts';

/** One thing wrong with an object: where, what, and the keyword that says so. */
export interface Finding {
  readonly path: string;
  readonly message: string;
  readonly rule: string;
}

/** What can be said about an object without a cluster. */
export interface Verdict {
  readonly findings: readonly Finding[];
  /** Rules that were not judged: those that compare with the object before, and those that are not evaluated here. */
  readonly unjudged: readonly UnjudgedRule[];
}

const known: Readonly<Record<string, JsonSchema>> = schemas;
const compiled = new Map<string, (object: unknown) => Verdict>();

/** Beside these the API server looks at no rule, since a rule may trust what they say (hasBlockingErr). */
const BLOCKING: ReadonlySet<string> = new Set(['enum', 'required', 'type', 'maxLength', 'maxItems', 'maxProperties']);

/**
 * Judges one custom resource as the API server does when it is created: nulls dropped, defaults filled in, then types,
 * bounds, enums, patterns, unknown fields, doubled list entries, and the rules in CEL.
 */
export function judgeOffline(object: unknown): Verdict {
  const key = keyOf(object);
  const schema = known[key];
  if (!schema) {
    const kinds = Object.keys(known).join(', ');
    const message = `kind: ${key} is not a kind of this project; known are ${kinds}`;
    return { findings: [{ path: 'kind', message, rule: 'kind' }], unjudged: [] };
  }
  const check = compiled.get(key) ?? offlineJudge(schema);
  compiled.set(key, check);
  return check(object);
}

/** Judges objects by the schema of their kind. */
export function offlineJudge(schema: JsonSchema): (object: unknown) => Verdict {
  const check = compileSchema(schema);
  return (object) => {
    // On creation the API server takes no status from whoever creates.
    const { status: _status, ...rest } = object as Readonly<Record<string, Json>>;
    const prepared = prepare(rest, schema);
    const wrong = check(prepared).map((error) => ({ ...wordingOf(error), rule: error.keyword }));
    if (wrong.some(({ rule }) => BLOCKING.has(rule))) return { findings: wrong, unjudged: [] };
    const { broken, unjudged } = judgeRules(prepared, schema, '', true);
    return { findings: [...wrong, ...broken.map((one) => ({ ...one, rule: 'x-kubernetes-validations' }))], unjudged };
  };
}

/** Everything wrong with one custom resource, as far as it can be told without a cluster. */
export function validateOffline(object: unknown): readonly Finding[] {
  return judgeOffline(object).findings;
}

function keyOf(object: unknown): string {
  const { apiVersion = '', kind = '' } = (object ?? {}) as { readonly apiVersion?: string; readonly kind?: string };
  return `${apiVersion}/${kind}`;
}
