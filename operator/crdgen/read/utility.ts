import type { TypeNode, TypeReferenceNode } from 'ts-morph';
import { ApiTypeError } from '../errors.ts';
import type { Field, Node } from '../model.ts';
import { locate, plain, type Scope } from './scope.ts';

const HINTS: Readonly<Record<string, string>> = {
  Date: 'Date does not exist in JSON; write Timestamp, or string with @format date-time',
  Map: 'Map does not exist in JSON; write Record<string, …>',
  Set: 'Set does not exist in JSON; write a list with @listType set',
};

/** Reads the types that TypeScript brings: Record, Readonly, Array, Pick, Omit, Partial, Required. */
export function readUtility(type: TypeReferenceNode, name: string, scope: Scope): Node {
  const [first, second] = type.getTypeArguments();
  const at = locate(type, scope);
  if (!first) throw new ApiTypeError(at, HINTS[name] ?? `${name} is not a type of the API`);
  switch (name) {
    case 'Readonly':
    case 'NonNullable':
      return scope.read(first, scope);
    case 'Array':
    case 'ReadonlyArray':
      return plain(type, scope, { type: 'array', items: scope.read(first, scope) });
    case 'Record':
      return readRecord(type, first, second, scope);
    case 'Partial':
      return mapFields(scope.read(first, scope), (field) => ({ ...field, optional: true }));
    case 'Required':
      return mapFields(scope.read(first, scope), (field) => ({ ...field, optional: false }));
    case 'Pick':
    case 'Omit': {
      const names = second ? (scope.read(second, scope).facets.enum ?? []) : [];
      const keep = (field: Field) => names.includes(field.name) === (name === 'Pick');
      return mapFields(scope.read(first, scope), (field) => (keep(field) ? field : undefined));
    }
    default:
      throw new ApiTypeError(at, HINTS[name] ?? `${type.getText()} is not a type of the API`);
  }
}

function readRecord(type: TypeNode, key: TypeNode, value: TypeNode | undefined, scope: Scope): Node {
  const keys = scope.read(key, scope);
  if (keys.type !== 'string' || !value) {
    throw new ApiTypeError(locate(type, scope), `${type.getText()} has keys that are not strings; write an object`);
  }
  return plain(type, scope, { type: 'map', values: scope.read(value, scope) });
}

function mapFields(node: Node, change: (field: Field) => Field | undefined): Node {
  if (node.type !== 'object') throw new ApiTypeError(node.at, 'Pick, Omit, Partial and Required go with objects');
  return { ...node, fields: (node.fields ?? []).map(change).filter((field) => field !== undefined) };
}
