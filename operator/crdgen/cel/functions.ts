import { CelCostError, computed, type Estimate, sum, traversal } from './estimate.ts';
import { scalar } from './types.ts';

type Cost = (target: Estimate | undefined, args: readonly Estimate[]) => Estimate;

const REGEX_FACTOR = 0.25;
/** Comparing two addresses of 16 bytes, and masking one of them. */
const RANGE_COST = 4;
const MASK_COST = 3;

/** Functions that cost one unit beside their arguments, by the type of what they give. */
const CONSTANT: Readonly<Record<keyof typeof scalar, string>> = {
  int: 'size family prefixLength int uint sign asInteger major minor patch compareTo getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds getMilliseconds',
  double: 'double asApproximateFloat',
  bool: 'bool isGreaterThan isLessThan isInteger hasValue isUnspecified isLoopback isGlobalUnicast isLinkLocalUnicast isLinkLocalMulticast isURL',
  string: 'string getScheme getHostname getHost getPort getEscapedPath charAt',
  bytes: 'bytes',
  timestamp: 'timestamp',
  duration: 'duration',
  dyn: 'value orValue or add sub masked',
};

/** Functions that read a string once, and what they give. */
const READING: Readonly<Record<string, 'bool' | 'dyn'>> = {
  quantity: 'dyn',
  isQuantity: 'bool',
  semver: 'dyn',
  isSemver: 'bool',
  ip: 'dyn',
  isIP: 'bool',
  cidr: 'dyn',
  isCIDR: 'bool',
  url: 'dyn',
};

const table = new Map<string, Cost>([
  ...Object.entries(CONSTANT).flatMap(([kind, names]) =>
    names
      .split(' ')
      .map((name): [string, Cost] => [name, (target, args) => constant(kind as keyof typeof scalar, target, args)]),
  ),
  ...Object.entries(READING).map(([name, kind]): [string, Cost] => [
    name,
    (target, args) => computed(all(target, args) + traversal(args[0]?.size ?? 0), scalar[kind]),
  ]),
  ['startsWith', edge],
  ['endsWith', edge],
  [
    'contains',
    (target, args) => computed(all(target, args) + traversal(sizeOf(target)) * traversal(sizeOf(args[0])), scalar.bool),
  ],
  ['matches', (target, args) => matching(target ?? args[0], target ? args[0] : args[1], all(target, args))],
  [
    'find',
    (target, args) => ({ ...matching(target, args[0], all(target, args)), type: scalar.string, size: sizeOf(target) }),
  ],
  ['findAll', (target, args) => listOf(matching(target, args[0], all(target, args)).cost, target)],
  ...['lowerAscii', 'upperAscii', 'substring', 'trim'].map((name): [string, Cost] => [name, same]),
  ['replace', replaced],
  ['dyn', (_target, args) => ({ cost: 1 + sum(args), type: scalar.dyn, size: sizeOf(args[0]) })],
  ['type', (_target, args) => ({ cost: 1 + sum(args), type: scalar.dyn, size: 0 })],
  ['containsIP', (target, args) => computed(all(target, args) + RANGE_COST + textCost(args[0]), scalar.bool)],
  [
    'containsCIDR',
    (target, args) => computed(all(target, args) + RANGE_COST + MASK_COST + textCost(args[0]), scalar.bool),
  ],
  ['split', (target, args) => listOf(all(target, args) + traversal(sizeOf(target), 0.2), target)],
  ['join', joined],
  ...['indexOf', 'lastIndexOf', 'isSorted', 'sum', 'min', 'max'].map((name): [string, Cost] => [
    name,
    (target, args) => walked(name, target, args),
  ]),
]);

/** The cost of a function or method and the size of what it gives; throws CelCostError for one it does not know. */
export function callCost(name: string, target: Estimate | undefined, args: readonly Estimate[]): Estimate {
  const cost = table.get(name);
  if (cost) return cost(target, args);
  throw new CelCostError(`the function ${name} is not known to the generator, or not to CEL`);
}

function all(target: Estimate | undefined, args: readonly Estimate[]): number {
  return sum(target ? [target, ...args] : args);
}

function sizeOf(value: Estimate | undefined): number {
  return value?.size ?? 0;
}

function constant(kind: keyof typeof scalar, target: Estimate | undefined, args: readonly Estimate[]): Estimate {
  const cost = all(target, args) + 1;
  return scalar[kind].size === 0
    ? computed(cost, scalar[kind])
    : { cost, type: scalar[kind], size: Number.POSITIVE_INFINITY };
}

function edge(target: Estimate | undefined, args: readonly Estimate[]): Estimate {
  return computed(all(target, args) + traversal(sizeOf(args[0])), scalar.bool);
}

function matching(text: Estimate | undefined, regex: Estimate | undefined, args: number): Estimate {
  return computed(args + traversal(sizeOf(text) + 1) * traversal(sizeOf(regex), REGEX_FACTOR), scalar.bool);
}

function same(target: Estimate | undefined, args: readonly Estimate[]): Estimate {
  const size = sizeOf(target);
  return { cost: all(target, args) + traversal(size), type: scalar.string, size };
}

function listOf(cost: number, target: Estimate | undefined): Estimate {
  const size = sizeOf(target);
  return { cost, type: { kind: 'list', size, least: 2, elem: { ...scalar.string, size }, computed: true }, size };
}

/** How long the entries of a list may be; of a list that a rule computes the API server does not know it. */
function lengthOfEntries(list: Estimate | undefined): number {
  return list?.type.computed ? Number.POSITIVE_INFINITY : (list?.type.elem?.size ?? 0);
}

/** The longest result: each shortest occurrence replaced by the longest text. */
function replaced(target: Estimate | undefined, args: readonly Estimate[]): Estimate {
  const [what, by] = [sizeOf(args[0]), sizeOf(args[1])];
  const size = sizeOf(target);
  const longest = by <= what ? size : Math.ceil(size / Math.max(what, 1)) * by + (what === 0 ? size : 0);
  return { cost: all(target, args) + traversal(size, 0.2), type: scalar.string, size: longest };
}

function joined(target: Estimate | undefined, args: readonly Estimate[]): Estimate {
  const entries = sizeOf(target);
  const size = entries * lengthOfEntries(target) + Math.max(entries - 1, 0) * sizeOf(args[0]);
  return { cost: all(target, args) + traversal(size), type: scalar.string, size };
}

/** An address or range may be given as text, which is parsed first. */
function textCost(value: Estimate | undefined): number {
  return value?.type.kind === 'string' ? traversal(value.size) : 0;
}

/** A walk through a list that looks at each entry, or through a string. */
function walked(name: string, target: Estimate | undefined, args: readonly Estimate[]): Estimate {
  const elem = target?.type.kind === 'list' ? target.type.elem : undefined;
  const text = elem && (elem.kind === 'string' || elem.kind === 'bytes') ? traversal(lengthOfEntries(target)) : 0;
  const cost = elem ? sizeOf(target) * (1 + text) : traversal(sizeOf(target));
  const given = name === 'isSorted' ? scalar.bool : name.endsWith('ndexOf') ? scalar.int : (elem ?? scalar.dyn);
  return computed(all(target, args) + cost, given);
}
