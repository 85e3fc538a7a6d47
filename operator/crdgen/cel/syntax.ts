import { type ASTNode, Environment } from '@marcbachmann/cel-js';

/** A node of a parsed expression. */
export type Expression = ASTNode;

/**
 * An expression that is not CEL.
 * @remedy correct the expression at the place that the sentence names
 */
export class CelSyntaxError extends Error {
  readonly code = 'CRDGEN_CEL_SYNTAX';

  constructor(expression: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    super(`${expression} is not CEL: ${why}`, { cause });
    this.name = 'CelSyntaxError';
  }
}

/** `matches` by characters: the library's own goes by UTF-16 units, and RE2 does not. */
const MATCHES = 'matchesCharacters';

/** What a rule may speak about. */
const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'dyn')
  .registerFunction(`string.${MATCHES}(string): bool`, (text: string, pattern: string) =>
    new RegExp(pattern, 'u').test(text),
  );

/** Parses an expression; throws CelSyntaxError. */
export function parseCel(expression: string): Expression {
  try {
    return environment.parse(expression).ast;
  } catch (cause) {
    throw new CelSyntaxError(expression, cause);
  }
}

/** Every node of an expression, parents first. */
export function* nodesOf(node: Expression): Generator<Expression> {
  yield node;
  for (const child of childrenOf(node.args)) yield* nodesOf(child);
}

function childrenOf(args: unknown): readonly Expression[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as Expression] : [];
}

/** Whether a rule compares with the object before: the API server judges it on updates only. */
export function usesOldSelf(expression: Expression): boolean {
  return [...nodesOf(expression)].some((node) => node.op === 'id' && node.args === 'oldSelf');
}

/** Names of the functions, methods and macros that an expression calls. */
export function callsOf(expression: Expression): ReadonlySet<string> {
  return new Set(
    [...nodesOf(expression)]
      .map((node) => (node.op === 'call' || node.op === 'rcall' ? node.args[0] : undefined))
      .filter((name) => name !== undefined),
  );
}

/** Regular expressions that stand in `matches` as text. */
export function patternsOf(expression: Expression): readonly string[] {
  return [...nodesOf(expression)]
    .map((node) => {
      if (node.op === 'rcall' && node.args[0] === 'matches') return node.args[2][0];
      return node.op === 'call' && node.args[0] === 'matches' ? node.args[1][1] : undefined;
    })
    .map((argument) => (argument?.op === 'value' && typeof argument.args === 'string' ? argument.args : undefined))
    .filter((pattern) => pattern !== undefined);
}

/** Evaluates an expression; throws what the library throws. */
export function evaluateCel(expression: string, context: Readonly<Record<string, unknown>>): unknown {
  return environment.evaluate(byCharacters(expression), context);
}

function byCharacters(expression: string): string {
  const places = [...nodesOf(parseCel(expression))].flatMap((node) =>
    node.op === 'rcall' && node.args[0] === 'matches' ? [expression.indexOf('matches', node.args[1].end)] : [],
  );
  return places
    .sort((a, b) => b - a)
    .reduce((text, at) => `${text.slice(0, at)}${MATCHES}${text.slice(at + 'matches'.length)}`, expression);
}
