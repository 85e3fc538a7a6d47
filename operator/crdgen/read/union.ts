import { type LiteralTypeNode, Node as Ts, type TypeNode, type UnionTypeNode } from 'ts-morph';
import { ApiTypeError } from '../errors.ts';
import type { Field, Node, Variant } from '../model.ts';
import { locate, plain, type Scope } from './scope.ts';

/** Reads a union: of string literals an enum, of objects with one telling property a discriminated union. */
export function readUnion(type: UnionTypeNode | LiteralTypeNode, scope: Scope): Node {
  const members = Ts.isUnionTypeNode(type) ? type.getTypeNodes() : [type];
  const values = members.filter((member) => !isNull(member));
  if (values.length < members.length) return { ...readValues(values, type, scope), acceptsNull: true };
  return readValues(values, type, scope);
}

function readValues(members: readonly TypeNode[], whole: TypeNode, scope: Scope): Node {
  const [first] = members;
  const literals = members.map(stringLiteral).filter((value) => value !== undefined);
  if (first && literals.length === members.length) {
    return plain(whole, scope, { type: 'enum', facets: { enum: literals } });
  }
  if (first && members.length === 1 && !Ts.isLiteralTypeNode(first)) return scope.read(first, scope);
  const stranger = members.find((member) => Ts.isLiteralTypeNode(member) && stringLiteral(member) === undefined);
  if (stranger) throw new ApiTypeError(locate(whole, scope), `${stranger.getText()} is a literal that is not a string`);
  const variants = members.map((member) => scope.read(member, scope));
  if (variants.every((variant) => variant.type === 'enum')) {
    const all = variants.flatMap((variant) => variant.facets.enum ?? []);
    return plain(whole, scope, { type: 'enum', facets: { enum: [...new Set(all)] } });
  }
  const discriminator = discriminatorOf(variants);
  if (!discriminator) {
    throw new ApiTypeError(
      locate(whole, scope),
      `${whole.getText()} is a union that a structural schema cannot express; write string literals, or objects that ` +
        'one property with a different string literal in each tells apart',
    );
  }
  const union = { discriminator, variants: variants.map((variant) => asVariant(variant, discriminator)) };
  return plain(whole, scope, { type: 'union', union });
}

function isNull(type: TypeNode): boolean {
  return type.getText() === 'null';
}

function stringLiteral(type: TypeNode): string | undefined {
  if (!Ts.isLiteralTypeNode(type)) return undefined;
  const literal = type.getLiteral();
  return Ts.isStringLiteral(literal) ? literal.getLiteralValue() : undefined;
}

/** The value of a required field that can only be one string. */
function onlyValue(field: Field | undefined): string | undefined {
  const values = field?.optional ? undefined : field?.node.facets.enum;
  return values?.length === 1 ? values[0] : undefined;
}

function discriminatorOf(variants: readonly Node[]): string | undefined {
  const names = variants[0]?.fields?.map((field) => field.name) ?? [];
  return names.find((name) => {
    const values = variants.map((variant) => onlyValue(variant.fields?.find((field) => field.name === name)));
    return values.every((value) => value !== undefined) && new Set(values).size === variants.length;
  });
}

function asVariant(variant: Node, discriminator: string): Variant {
  const fields = variant.fields ?? [];
  const value = onlyValue(fields.find((field) => field.name === discriminator)) ?? '';
  return { value, at: variant.at, fields: fields.filter((field) => field.name !== discriminator) };
}
