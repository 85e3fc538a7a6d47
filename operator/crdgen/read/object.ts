import { type InterfaceDeclaration, type PropertySignature, Node as Ts, type TypeLiteralNode } from 'ts-morph';
import { ApiTypeError } from '../errors.ts';
import type { Field, Node } from '../model.ts';
import { applyTags } from '../tags/index.ts';
import { declarationOf, parametersOf } from './declaration.ts';
import type { Doc } from './doc.ts';
import { docOf } from './docs.ts';
import { locate, plain, type Scope } from './scope.ts';

/** Reads an interface: inherited fields first, its own last and stronger. */
export function readInterface(declaration: InterfaceDeclaration, scope: Scope): Node {
  const inherited = declaration.getExtends().flatMap((base) => {
    const target = declarationOf(base.getExpression());
    if (!target || !Ts.isInterfaceDeclaration(target)) {
      throw new ApiTypeError(locate(base, scope), `${base.getText()} is not an interface of the API`);
    }
    const parameters = parametersOf(target, base.getTypeArguments(), scope);
    return readInterface(target, { ...scope, parameters }).fields ?? [];
  });
  const own = readFields(declaration, scope);
  return { ...emptyObject(declaration, scope), fields: merge(inherited, own) };
}

/** Reads an object type that is written in place. */
export function readMembers(literal: TypeLiteralNode, scope: Scope): Node {
  return plain(literal, scope, { type: 'object', fields: readFields(literal, scope) });
}

function emptyObject(declaration: InterfaceDeclaration, scope: Scope): Node {
  return { at: locate(declaration, scope), type: 'object', description: '', facets: {}, rules: [] };
}

/** A field declared again keeps the first prose if it brings none. */
function merge(inherited: readonly Field[], own: readonly Field[]): Field[] {
  const fields = new Map(inherited.map((field) => [field.name, field]));
  for (const field of own) {
    const description = field.node.description || (fields.get(field.name)?.node.description ?? '');
    fields.set(field.name, { ...field, node: { ...field.node, description } });
  }
  return [...fields.values()];
}

function readFields(holder: InterfaceDeclaration | TypeLiteralNode, scope: Scope): Field[] {
  const stranger = holder.getMembers().find((member) => !Ts.isPropertySignature(member));
  if (stranger) {
    const hint = Ts.isIndexSignatureDeclaration(stranger)
      ? 'write Record<string, …> as a field'
      : 'a resource holds data only';
    throw new ApiTypeError(locate(stranger, scope), `${stranger.getText()} is not a field; ${hint}`);
  }
  return holder
    .getProperties()
    .map((property) => ({ property, doc: docOf(property, scope) }))
    .filter(({ doc }) => !doc.tags.some((use) => use.name === 'internal'))
    .map(({ property, doc }) => readField(property, doc, scope));
}

function readField(property: PropertySignature, doc: Doc, scope: Scope): Field {
  const name = property.getName().replace(/^['"]|['"]$/g, '');
  const at = locate(property, scope);
  const type = property.getTypeNode();
  if (!type) throw new ApiTypeError(at, `${name} has no type`);
  const closed = doc.tags.some((use) => use.name === 'preserveUnknown');
  const read = closed ? plain(type, scope, { type: 'any' }) : scope.read(type, scope);
  const tagged = applyTags({ ...read, at, description: doc.prose }, doc.tags);
  return { name, optional: property.hasQuestionToken(), node: tagged };
}
