import { type ClaimWay, combinations, type DeviceAsk, type DraDevice, type DraNode } from '../../pools/index.ts';
import type { Alternative, GpuDemand, HeldBack, NodeConstraint } from '../planner/index.ts';
import type { ClaimFacts } from './claims.ts';

/** An ask whose number of devices is known. */
export type CountedAsk = DeviceAsk & { readonly count: number };

/** One way to serve the claims of a pod: the devices of all, and what each claim gets of them, in their order. */
export interface PodWay extends Alternative {
  readonly asks: readonly (readonly CountedAsk[])[];
}

/** The ways to serve claims that nobody has allocated, in the order of preference, or why there is none. */
export type WaysOf = (claims: readonly ClaimFacts[]) => readonly PodWay[] | HeldBack;

/** What the ways depend on beside the claims. */
export interface DraSupply {
  readonly nodes: ReadonlyMap<string, DraNode>;
  /** Names of the nodes on which the planner itself allocates. */
  readonly ours: ReadonlySet<string>;
}

/** What the requests of some claims come to, one alternative of each: the asks of each claim. */
type Choice = readonly (readonly DeviceAsk[])[];

/** Devices that the API lets one claim hold. */
const MOST_DEVICES = 32;
/** Choices that are looked at: each is some more plans. */
const MOST_CHOICES = 32;

/**
 * Ways by what nodes publish. Which of several alternatives a claim gets the planner must say itself, so these are to be
 * had on nodes on which it allocates; elsewhere kube-scheduler might choose another than the one that was counted. All
 * devices of a node are as many ways as there are numbers of them.
 */
export function createWaysOf({ nodes, ours }: DraSupply): WaysOf {
  const own = [...nodes.values()].filter(({ node }) => ours.has(node));
  const devicesOf = createDevicesOf();
  return (claims) => {
    const choices: readonly Choice[] | undefined = combinations(claims.map(waysOfClaim), MOST_CHOICES);
    if (choices === undefined) return tooMany(claims);
    const chooses = choices.length > 1;
    if (chooses && own.length === 0) return notOurs(claims);
    const ways = choices.flatMap((choice): readonly PodWay[] => {
      if (!chooses && choice.flat().every(isPlain)) return [{ ...wayOf(choice, () => 0), where: modelOf(choice) }];
      const ways = byNumbers(choice, chooses ? own : [...nodes.values()], devicesOf);
      return chooses ? ways.map((way) => ({ ...way, where: { ...way.where, because: ONLY_OURS } })) : ways;
    });
    const possible = ways.filter(({ asks }) => asks.every((own) => sumOf(own) <= MOST_DEVICES));
    return possible.length > 0 ? possible : nowhere(claims);
  };
}

const ONLY_OURS =
  'its claims list alternatives, which are planned only on nodes whose pool has spec.sharing.dra.allocator: GPUOptimizer';

type DevicesOf = (node: DraNode, shape: string) => readonly DraDevice[];

function createDevicesOf(): DevicesOf {
  const known = new Map<DraNode, Partial<Record<string, readonly DraDevice[]>>>();
  return (node, shape) => {
    const shapes = known.get(node) ?? Object.groupBy(node.devices, (device) => device.shape);
    known.set(node, shapes);
    return shapes[shape] ?? [];
  };
}

function waysOfClaim({ reading }: ClaimFacts): readonly ClaimWay[] {
  return reading.kind === 'devices' ? reading.ways : [[]];
}

/** Whether an ask is for a number of devices of which any will do. */
function isPlain({ count, memory }: DeviceAsk): boolean {
  return count !== 'all' && memory === undefined;
}

/** The ways of one choice: the nodes that have what it asks for, by how many devices that is; few devices first. */
function byNumbers(choice: Choice, nodes: readonly DraNode[], devicesOf: DevicesOf): readonly PodWay[] {
  const asks = choice.flat();
  const able = nodes.filter((node) =>
    asks.every(({ memory = 0, shape }) => {
      const devices = devicesOf(node, shape);
      return devices.length > 0 && devices.every((device) => device.memory >= memory);
    }),
  );
  const numberOn = (node: DraNode, { count, shape }: DeviceAsk): number =>
    count === 'all' ? devicesOf(node, shape).length : count;
  const groups = Map.groupBy(able, (node) => asks.map((ask) => numberOn(node, ask)).join());
  const ways = [...groups.values()].flatMap((group): readonly PodWay[] => {
    const [first] = group;
    if (first === undefined) return [];
    const names = group.map(({ node }) => node).sort();
    return [{ ...wayOf(choice, (ask) => numberOn(first, ask)), where: { ...modelOf(choice), names } }];
  });
  return ways.sort((left, right) => sumOf(left.asks.flat()) - sumOf(right.asks.flat()));
}

function wayOf(choice: Choice, all: (ask: DeviceAsk) => number): Omit<PodWay, 'where'> {
  const counted = choice.map((way) =>
    way.map((ask) => ({ ...ask, count: ask.count === 'all' ? all(ask) : ask.count })),
  );
  const gpus = counted.flat().map(({ count, shape }): GpuDemand => ({ kind: 'devices', resource: shape, count }));
  return { asks: counted, gpus };
}

function sumOf(asks: readonly CountedAsk[]): number {
  return asks.reduce((sum, { count }) => sum + count, 0);
}

/** The model that all devices must be of; of two that differ no node has both. */
function modelOf(choice: Choice): NodeConstraint | undefined {
  const models = [...new Set(choice.flat().flatMap(({ model }) => model ?? []))];
  return models.length === 0 ? undefined : { models: models.length === 1 ? models : [] };
}

function tooMany(claims: readonly ClaimFacts[]): HeldBack {
  const sentence = `its resource claims ${keysOf(claims)} have more than ${MOST_CHOICES} combinations of alternatives, which are not planned; list fewer`;
  return { blocker: 'Policy', sentence };
}

function notOurs(claims: readonly ClaimFacts[]): HeldBack {
  const sentence = `its resource claims ${keysOf(claims)} list alternatives, which are planned in pools with spec.sharing.dra.allocator: GPUOptimizer, and there is none with devices; ask for one of them`;
  return { blocker: 'Policy', sentence };
}

function nowhere(claims: readonly ClaimFacts[]): HeldBack {
  const asks = claims.flatMap(({ reading }) => (reading.kind === 'devices' ? reading.ways.flat() : []));
  const shapes = [
    ...new Set(asks.map(({ memory, shape }) => shape + (memory === undefined ? '' : ` of ${memory} bytes`))),
  ];
  const sentence = `no node publishes the devices that its resource claims ${keysOf(claims)} ask for (${shapes.join(', ')}), ${MOST_DEVICES} at most for one claim; ask for others, or change how GPUs are cut`;
  return { blocker: 'Capacity', sentence };
}

function keysOf(claims: readonly ClaimFacts[]): string {
  return claims.map(({ key }) => key).join(', ');
}
