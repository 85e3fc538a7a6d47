import { ApiTypeError } from '../errors.ts';
import type { Field, Node, Rule, Variant } from '../model.ts';
import { celPath, celString } from './cel.ts';

/**
 * Turns discriminated unions into one object: the discriminator is an enum, each member is optional, and one rule per
 * variant says when it must be there. Structural schemas have no oneOf over properties.
 */
export function rewriteUnions(node: Node): Node {
  const inside = mapChildren(node, rewriteUnions);
  return inside.union ? asObject(inside, inside.union) : inside;
}

/** Applies a change to every type directly inside a type. */
export function mapChildren(node: Node, change: (child: Node) => Node): Node {
  const inFields = (fields: readonly Field[]) => fields.map((field) => ({ ...field, node: change(field.node) }));
  return {
    ...node,
    ...(node.fields && { fields: inFields(node.fields) }),
    ...(node.items && { items: change(node.items) }),
    ...(node.values && { values: change(node.values) }),
    ...(node.union && {
      union: {
        ...node.union,
        variants: node.union.variants.map((variant) => ({ ...variant, fields: inFields(variant.fields) })),
      },
    }),
  };
}

/** The member that belongs to a value: `MIG` → `mig`, `TimeSlicing` → `timeSlicing`, `HTTPProxy` → `httpProxy`. */
export function memberName(value: string): string {
  return value.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+/, (capitals) => capitals.toLowerCase());
}

function asObject(node: Node, { discriminator, variants }: NonNullable<Node['union']>): Node {
  const { union: _union, ...rest } = node;
  const values = variants.map((variant) => variant.value);
  const type: Field = {
    name: discriminator,
    optional: false,
    node: {
      at: node.at,
      type: 'enum',
      description: `${discriminator} is one of ${values.join(', ')}; the field of the same name, where there is one, holds its settings.`,
      facets: { enum: values },
      rules: [],
    },
  };
  const fields = fieldsOf(variants);
  const rules = variants.flatMap((variant) => presenceRule(variant, discriminator, node.at));
  return { ...rest, type: 'object', fields: [type, ...fields], rules: [...node.rules, ...rules] };
}

/** Members become optional; what all variants share stays as it is; anything else has no place in one object. */
function fieldsOf(variants: readonly Variant[]): Field[] {
  const fields = new Map<string, Field>();
  for (const variant of variants) {
    for (const field of variant.fields) {
      const member = field.name === memberName(variant.value);
      if (!member) refuseUnshared(field, variant, variants);
      if (!fields.has(field.name)) fields.set(field.name, member ? { ...field, optional: true, member } : field);
    }
  }
  return [...fields.values()];
}

function refuseUnshared(field: Field, variant: Variant, variants: readonly Variant[]): void {
  const place = `put it into the member ${memberName(variant.value)}`;
  for (const other of variants) {
    const same = other.fields.find((candidate) => candidate.name === field.name);
    if (!same) {
      throw new ApiTypeError(field.node.at, `${field.name} is only in some variants of the union; ${place}`);
    }
    if (fingerprint(same) !== fingerprint(field)) {
      throw new ApiTypeError(field.node.at, `${field.name} differs between variants of the union; ${place}`);
    }
  }
}

/** Two fields are the same when everything but their prose and place is. */
function fingerprint(field: Field): string {
  return JSON.stringify(field, (key, value: unknown) => (key === 'at' || key === 'description' ? undefined : value));
}

function presenceRule(variant: Variant, discriminator: string, at: Node['at']): Rule[] {
  const name = memberName(variant.value);
  const member = variant.fields.find((field) => field.name === name);
  if (!member) return [];
  const chosen = `${celPath('self', [discriminator])} == ${celString(variant.value)}`;
  const present = `has(${celPath('self', [name])})`;
  const when = `when ${discriminator} is ${variant.value}`;
  return member.optional
    ? [{ rule: `${chosen} || !${present}`, message: `${name} may be set only ${when}`, at }]
    : [
        {
          rule: `${chosen} ? ${present} : !${present}`,
          message: `${name} is required ${when}, and forbidden otherwise`,
          at,
        },
      ];
}
