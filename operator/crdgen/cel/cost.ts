import { CelCostError, computed, type Estimate, type Scope, sum, traversal } from './estimate.ts';
import { callCost } from './functions.ts';
import { comprehensionCost } from './macros.ts';
import type { Expression } from './syntax.ts';
import { type CelType, scalar } from './types.ts';

const LIST_BASE = 10;
const MAP_BASE = 30;
/** Names of types, as in `type(self) == int`. */
const TYPE_NAMES: ReadonlySet<string> = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
]);

/**
 * The greatest cost of an expression, by the formulas of cel-go (github.com/google/cel-go v0.29, checker/cost.go) with
 * Kubernetes' options: `has` is free. Throws CelCostError for what it does not know.
 */
export function estimate(node: Expression, scope: Scope): Estimate {
  switch (node.op) {
    case 'value':
      return literal(node.args);
    case 'id':
      return identifier(node.args, scope);
    case '.':
    case '.?':
      return select(node.args[0], node.args[1], scope);
    case '[]':
    case '[?]':
      return index(node.args[0], node.args[1], scope);
    case 'call':
      return node.args[0] === 'has'
        ? presence(node.args[1][0], scope)
        : callCost(node.args[0], undefined, node.args[1].map(at(scope)));
    case 'rcall': {
      const [name, target, args] = node.args;
      return (
        comprehensionCost(name, target, args, scope, estimate) ??
        callCost(name, estimate(target, scope), args.map(at(scope)))
      );
    }
    case 'list':
      return listLiteral(node.args.map(at(scope)));
    case 'map':
      return computed(MAP_BASE + sum(node.args.flat().map(at(scope))), {
        kind: 'map',
        size: node.args.length,
        least: 2,
        elem: scalar.dyn,
      });
    case '?:':
      return choice(...(node.args.map(at(scope)) as [Estimate, Estimate, Estimate]));
    case '||':
    case '&&':
      return computed(sum(node.args.map(at(scope))), scalar.bool);
    case '!_':
      return computed(1 + estimate(node.args, scope).cost, scalar.bool);
    case '-_':
      return negation(estimate(node.args, scope));
    default:
      return operation(node.op, estimate(node.args[0], scope), estimate(node.args[1], scope));
  }
}

function at(scope: Scope): (node: Expression) => Estimate {
  return (node) => estimate(node, scope);
}

function literal(value: unknown): Estimate {
  if (typeof value === 'string') return { cost: 0, type: scalar.string, size: [...value].length };
  if (value instanceof Uint8Array) return { cost: 0, type: scalar.bytes, size: value.length };
  if (typeof value === 'bigint') return computed(0, scalar.int);
  if (value === null) return { cost: 0, type: scalar.dyn, size: 1 };
  return computed(0, typeof value === 'number' ? scalar.double : scalar.bool);
}

function identifier(name: string, scope: Scope): Estimate {
  const type = scope.get(name);
  if (type) return { cost: 1, type, size: type.size };
  if (TYPE_NAMES.has(name)) return { cost: 1, type: scalar.dyn, size: 0 };
  throw new CelCostError(`${name} stands for nothing here`);
}

function select(operand: Expression, name: string, scope: Scope): Estimate {
  const from = estimate(operand, scope);
  const type = fieldOf(from.type, name);
  return { cost: from.cost + 1, type, size: type.size };
}

function fieldOf(type: CelType, name: string): CelType {
  if (type.kind === 'dyn') return scalar.dyn;
  const found = type.kind === 'map' ? type.elem : type.fields?.get(name);
  if (found) return found;
  const known = [...(type.fields?.keys() ?? [])];
  throw new CelCostError(`${name} is no field here${known.length > 0 ? `; known are ${known.join(', ')}` : ''}`);
}

function presence(field: Expression | undefined, scope: Scope): Estimate {
  if (field?.op !== '.') throw new CelCostError('has() takes a field, as in has(self.name)');
  return computed(select(field.args[0], field.args[1], scope).cost - 1, scalar.bool);
}

function index(operand: Expression, key: Expression, scope: Scope): Estimate {
  const from = estimate(operand, scope);
  const type = from.type.elem ?? scalar.dyn;
  return { cost: 1 + from.cost + estimate(key, scope).cost, type, size: type.size };
}

function listLiteral(items: readonly Estimate[]): Estimate {
  const elem = items[0]?.type ?? scalar.dyn;
  const size = Math.max(0, ...items.map((item) => item.size));
  return {
    cost: LIST_BASE + sum(items),
    type: { kind: 'list', size: items.length, least: 2, elem: { ...elem, size }, computed: true },
    size: items.length,
  };
}

function choice(condition: Estimate, yes: Estimate, no: Estimate): Estimate {
  const type = yes.type.kind === no.type.kind ? yes.type : scalar.dyn;
  return { cost: condition.cost + Math.max(yes.cost, no.cost), type, size: Math.max(yes.size, no.size) };
}

/** A negative literal is a literal; the sign of anything else is an operation. */
function negation(operand: Estimate): Estimate {
  return computed(operand.cost === 0 ? 0 : 1 + operand.cost, operand.type);
}

/** The API server compiles a rule with types; what cannot be compared is found here, at its line. */
function refuseMismatch(operator: string, left: CelType, right: CelType): void {
  const same = left.kind === right.kind || left.kind === 'dyn' || right.kind === 'dyn';
  const numbers = NUMERIC.has(left.kind) && NUMERIC.has(right.kind);
  const equality = operator === '==' || operator === '!=';
  if (same || (numbers && !equality) || !COMPARING.has(operator)) return;
  throw new CelCostError(`${operator} does not compare ${left.kind} with ${right.kind}`);
}

const NUMERIC: ReadonlySet<CelType['kind']> = new Set(['int', 'double']);
const COMPARING: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const SIZED: ReadonlySet<CelType['kind']> = new Set(['string', 'bytes', 'dyn']);

function operation(operator: string, left: Estimate, right: Estimate): Estimate {
  refuseMismatch(operator, left.type, right.type);
  const args = left.cost + right.cost;
  if (operator === '==' || operator === '!=')
    return computed(args + traversal(Math.min(left.size, right.size)), scalar.bool);
  if (operator === 'in') return computed(args + (right.type.kind === 'map' ? 1 : Math.max(right.size, 1)), scalar.bool);
  const sized = SIZED.has(left.type.kind) && SIZED.has(right.type.kind);
  if (['<', '<=', '>', '>='].includes(operator)) {
    return computed(args + (sized ? Math.max(1, traversal(Math.min(left.size, right.size))) : 1), scalar.bool);
  }
  if (operator !== '+' || !(sized || left.type.kind === 'list')) return computed(args + 1, left.type);
  const size = left.size + right.size;
  const cost = left.type.kind === 'list' ? 1 : Math.max(1, traversal(size));
  return { cost: args + cost, type: { ...left.type, size, computed: true }, size };
}
