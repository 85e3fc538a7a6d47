/** Worlds of allocations, generated from a seed, and their integral: what must be billed, computed without the operator. */

import { randomFrom } from '../../peers/random.ts';
import type { ClusterView, KubeJson, Payer, SenderName, Sku } from './protocol.ts';

/** GPUs that a pod held, `[start, end)` in milliseconds since 1970, on whole seconds as Kubernetes states them. */
export interface Allocation {
  readonly name: string;
  readonly namespace: string;
  readonly node: string;
  readonly units: number;
  readonly start: number;
  readonly end: number;
  /** Whether its owner deletes it at its end. */
  readonly deleted: boolean;
}

/** A world: who holds what from when to when, and who pays. */
export interface World {
  readonly begin: number;
  readonly end: number;
  readonly allocations: readonly Allocation[];
  readonly payers: readonly Payer[];
  readonly skus: readonly Sku[];
}

/** How large a world is. */
export interface Size {
  readonly seed: number;
  readonly tenants: number;
  readonly pods: number;
  readonly hours: number;
}

const hourMillis = 3_600_000;
const minuteMillis = 60_000;
/** Every world begins here; the peer's clock does too. */
const origin = Date.parse('2026-01-05T00:00:00Z');
const finalizer = 'gpuoptimizer.io/metering';
const nobody = 'nobody';

const skus: readonly Sku[] = [
  { name: 'l4', model: 'NVIDIA-L4' },
  { name: 'h100', model: 'NVIDIA-H100-80GB-HBM3' },
];

/**
 * A world of random pods. The last two tenants share a customer, and a namespace of nobody holds GPUs too, which are not
 * billed. One pod of each tenant on each kind of node holds its GPUs all
 * the time, so that every hour has something to send for each.
 */
export function generateWorld({ seed, tenants, pods, hours }: Size): World {
  const random = randomFrom(seed);
  const whole = (below: number): number => Math.floor(random() * below);
  const seconds = hours * 3600;
  const payers = Array.from({ length: tenants }, (_, at) => ({
    tenant: `t${at}`,
    customer: `cus_${Math.min(at, Math.max(tenants - 2, 0))}`,
  }));
  const anyNode = (): string => skus[whole(skus.length)]?.name ?? '';
  const place = (name: string, namespace: string, from: number, to: number, node = anyNode()): Allocation => ({
    name,
    namespace,
    node,
    units: 1 + whole(8),
    start: origin + from * 1000,
    end: origin + to * 1000,
    deleted: random() < 0.5,
  });
  const steady = payers.flatMap(({ tenant }) =>
    skus.map(({ name }) => place(`steady-${tenant}-${name}`, `ns-${tenant}`, whole(600), seconds - whole(600), name)),
  );
  const others = Array.from({ length: pods }, (_, at) => {
    const tenant = random() < 0.1 ? undefined : payers[whole(tenants)]?.tenant;
    const from = whole(seconds - 1);
    // Half of them are short, some shorter than a step of the checker.
    const most = random() < 0.5 ? 900 : seconds - from;
    const to = Math.min(seconds, from + 1 + whole(most));
    return place(`pod-${at}`, tenant === undefined ? nobody : `ns-${tenant}`, from, to);
  });
  return { begin: origin, end: origin + hours * hourMillis, allocations: [...steady, ...others], payers, skus };
}

/** How the names of the usage events of a sender begin. */
export function prefixOf(sender: SenderName): string {
  return sender === 'hourly' ? 'gpu_seconds_hourly__' : 'gpu_seconds__';
}

/** GPU-seconds by `customer eventName hour` (unix seconds of the hour): the truth that the peer's record must equal. */
export function integral({ allocations, payers }: World, prefix = prefixOf('ours')): ReadonlyMap<string, bigint> {
  const customers = new Map(payers.map(({ tenant, customer }) => [`ns-${tenant}`, customer]));
  const sums = new Map<string, bigint>();
  for (const { namespace, node, units, start, end } of allocations) {
    const customer = customers.get(namespace);
    if (customer === undefined) continue;
    for (let hour = start - (start % hourMillis); hour < end; hour += hourMillis) {
      const held = Math.min(end, hour + hourMillis) - Math.max(start, hour);
      const key = `${customer} ${prefix}${node} ${hour / 1000}`;
      sums.set(key, (sums.get(key) ?? 0n) + (BigInt(held) / 1000n) * BigInt(units));
    }
  }
  return sums;
}

/** Names of the usage events of a world. */
export function eventNames(world: World, prefix: string): readonly string[] {
  return world.skus.map(({ name }) => prefix + name);
}

/** The cluster at `now`: a pod is listed from its bind until it has ended and its finalizer is gone. */
export function viewAt(world: World, now: number, released: ReadonlySet<string>): ClusterView {
  const namespaces = [
    ...world.payers.map(({ tenant }) => [`ns-${tenant}`, tenant] as const),
    [nobody, undefined] as const,
  ];
  return {
    namespaces: namespaces.map(([name, tenant]) => namespaceOf(name, tenant)),
    nodes: world.skus.map(({ name, model }) => ({
      metadata: { name, uid: `node-${name}`, labels: { 'nvidia.com/gpu.product': model } },
    })),
    pods: world.allocations
      .filter(({ name, start, end }) => start <= now && !(released.has(name) && end <= now))
      .map((one) => podOf(one, now)),
  };
}

function namespaceOf(name: string, tenant: string | undefined): KubeJson {
  const labels = tenant === undefined ? {} : { 'gpuoptimizer.io/tenant': tenant, 'gpuoptimizer.io/managed': 'true' };
  return { metadata: { name, uid: `ns-${name}`, labels } };
}

function podOf({ name, namespace, node, units, start, end, deleted }: Allocation, now: number): KubeJson {
  const hasEnded = end <= now;
  const terminated = { terminated: { exitCode: 0, finishedAt: rfc3339(end) } };
  const state = hasEnded ? terminated : { running: { startedAt: rfc3339(start) } };
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      creationTimestamp: rfc3339(start - minuteMillis),
      finalizers: namespace === nobody ? [] : [finalizer],
      ...(hasEnded && deleted && { deletionTimestamp: rfc3339(end), deletionGracePeriodSeconds: 30 }),
    },
    spec: {
      nodeName: node,
      containers: [{ name: 'main', resources: { limits: { 'nvidia.com/gpu': String(units) } } }],
    },
    status: {
      phase: hasEnded ? 'Succeeded' : 'Running',
      conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: rfc3339(start) }],
      containerStatuses: [{ name: 'main', ready: !hasEnded, restartCount: 0, image: '', imageID: '', state }],
    },
  };
}

function rfc3339(millis: number): string {
  return new Date(millis).toISOString().replace('.000Z', 'Z');
}
