import {
  type EntityName,
  type Expression,
  type InterfaceDeclaration,
  Node as Ts,
  type TypeAliasDeclaration,
  type TypeNode,
} from 'ts-morph';
import type { Bound, Scope } from './scope.ts';

/** The declaration that a name refers to, through imports and re-exports; undefined for what TypeScript itself brings. */
export function declarationOf(name: EntityName | Expression): InterfaceDeclaration | TypeAliasDeclaration | undefined {
  const symbol = name.getSymbol();
  const target = symbol?.getAliasedSymbol() ?? symbol;
  return target?.getDeclarations().find((node) => Ts.isInterfaceDeclaration(node) || Ts.isTypeAliasDeclaration(node));
}

/** Binds the type parameters of a declaration to the arguments of a reference, or to their defaults. */
export function parametersOf(
  declaration: InterfaceDeclaration | TypeAliasDeclaration,
  args: readonly TypeNode[],
  scope: Scope,
): ReadonlyMap<string, Bound> {
  const bound = new Map<string, Bound>();
  for (const [index, parameter] of declaration.getTypeParameters().entries()) {
    const type = args[index] ?? parameter.getDefault();
    if (type) bound.set(parameter.getName(), { type, scope });
  }
  return bound;
}
