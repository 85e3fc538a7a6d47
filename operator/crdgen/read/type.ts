import { Node as Ts, type TypeNode, type TypeReferenceNode } from 'ts-morph';
import { ApiTypeError } from '../errors.ts';
import type { Node } from '../model.ts';
import type { Facets } from '../schema.ts';
import { applyTags } from '../tags/index.ts';
import { declarationOf, parametersOf } from './declaration.ts';
import { docOf } from './docs.ts';
import { readInterface, readMembers } from './object.ts';
import { locate, plain, type Scope } from './scope.ts';
import { readUnion } from './union.ts';
import { readUtility } from './utility.ts';

/** Types whose meaning cannot be said in TypeScript. Pattern: controller-tools pkg/crd/known_types.go, Quantity. */
const SEMANTIC: Readonly<Record<string, Facets>> = {
  IntOrString: { 'x-kubernetes-int-or-string': true },
  Quantity: {
    'x-kubernetes-int-or-string': true,
    pattern:
      '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  },
};

/** Reads a type as it is written. Aliases keep their tags and prose; nothing is resolved further than needed. */
export function readType(type: TypeNode, scope: Scope): Node {
  if (Ts.isParenthesizedTypeNode(type)) return readType(type.getTypeNode(), scope);
  if (Ts.isTypeOperatorTypeNode(type)) return readType(type.getTypeNode(), scope);
  if (Ts.isStringKeyword(type)) return plain(type, scope, { type: 'string' });
  if (Ts.isNumberKeyword(type)) return plain(type, scope, { type: 'number' });
  if (Ts.isBooleanKeyword(type)) return plain(type, scope, { type: 'boolean' });
  if (type.getText() === 'unknown') return plain(type, scope, { type: 'any' });
  if (Ts.isLiteralTypeNode(type) || Ts.isUnionTypeNode(type)) return readUnion(type, scope);
  if (Ts.isArrayTypeNode(type)) {
    return plain(type, scope, { type: 'array', items: readType(type.getElementTypeNode(), scope) });
  }
  if (Ts.isTypeLiteral(type)) return readMembers(type, scope);
  if (Ts.isIntersectionTypeNode(type)) return readIntersection(type.getTypeNodes(), type, scope);
  if (Ts.isTypeReference(type)) return readReference(type, scope);
  throw new ApiTypeError(locate(type, scope), refusal(type));
}

function refusal(type: TypeNode): string {
  const text = type.getText();
  if (Ts.isTupleTypeNode(type)) return `${text} is a tuple; write an object with named fields`;
  if (Ts.isFunctionTypeNode(type)) return `${text} is a function; a resource holds data only`;
  if (text === 'any') return 'any is not a type of the API; write the shape, or unknown with @preserveUnknown';
  if (text === 'bigint') return 'bigint does not exist in JSON; write Int64, or a decimal string with @pattern';
  return `${text} cannot be expressed in a structural schema`;
}

function readReference(type: TypeReferenceNode, scope: Scope): Node {
  const name = type.getTypeName().getText();
  const bound = scope.parameters.get(name);
  if (bound) return readType(bound.type, bound.scope);
  const declaration = declarationOf(type.getTypeName());
  if (!declaration) return readUtility(type, name, scope);

  const at = locate(type, scope);
  if (scope.path.includes(name)) {
    const cycle = [...scope.path.slice(scope.path.indexOf(name)), name].join(' → ');
    throw new ApiTypeError(
      at,
      `${cycle} is a cycle, and structural schemas have no $ref; cut it with @preserveUnknown`,
    );
  }
  const inside: Scope = {
    ...scope,
    parameters: parametersOf(declaration, type.getTypeArguments(), scope),
    path: [...scope.path, name],
  };
  const doc = docOf(declaration, scope);
  const semantic = SEMANTIC[name];
  const read = semantic
    ? plain(type, scope, { type: 'intOrString', facets: semantic })
    : Ts.isInterfaceDeclaration(declaration)
      ? readInterface(declaration, inside)
      : readType(declaration.getTypeNodeOrThrow(), inside);
  const tagged = applyTags(read, doc.tags);
  return { ...tagged, at, description: doc.prose || tagged.description };
}

/** A branded primitive (`number & { __unit?: 'Seconds' }`), or objects put together. */
function readIntersection(parts: readonly TypeNode[], whole: TypeNode, scope: Scope): Node {
  const meaningful = parts.filter((part) => !isBrand(part)).map((part) => readType(part, scope));
  const [first] = meaningful;
  if (first && meaningful.length === 1) return first;
  const objects = meaningful.filter((part) => part.type === 'object');
  if (objects.length !== meaningful.length) {
    throw new ApiTypeError(locate(whole, scope), `${whole.getText()} puts together things that are not objects`);
  }
  return plain(whole, scope, {
    type: 'object',
    fields: objects.flatMap((part) => part.fields ?? []),
    rules: objects.flatMap((part) => part.rules),
  });
}

function isBrand(type: TypeNode): boolean {
  return Ts.isTypeLiteral(type) && type.getProperties().every((property) => property.getName().startsWith('__'));
}
