import { DRIVER } from './slices.ts';
import type { Device, ResourceClaim } from './wire.ts';

/** Devices by node and name. */
export type Published = ReadonlyMap<string, ReadonlyMap<string, Device>>;

interface Prepared {
  readonly claim: string;
  readonly node: string;
  readonly devices: readonly Device[];
}

/**
 * What the kubelets asked the driver to prepare, held in memory as the driver holds it in its checkpoint. What a real GPU
 * would refuse is written down as a problem: an unknown device, one that is prepared already, memory slices that overlap.
 */
export class PreparedClaims {
  readonly #byUid = new Map<string, Prepared>();
  readonly #problems: string[] = [];

  /** What went wrong so far. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** The devices of a claim that is prepared, by `namespace/name`. */
  devicesOf(claim: string): readonly string[] {
    const found = [...this.#byUid.values()].find((each) => each.claim === claim);
    return found?.devices.map(({ name }) => name) ?? [];
  }

  /** How many claims are prepared. */
  get count(): number {
    return this.#byUid.size;
  }

  /** Prepares what is reserved and new, and unprepares what is reserved no longer. */
  update(claims: readonly ResourceClaim[], published: Published): void {
    const reserved = claims.filter(({ status }) => (status?.reservedFor?.length ?? 0) > 0);
    const uids = new Set(reserved.map(({ metadata }) => metadata.uid));
    for (const uid of this.#byUid.keys()) if (!uids.has(uid)) this.#byUid.delete(uid);
    for (const claim of reserved) if (!this.#byUid.has(claim.metadata.uid)) this.#prepare(claim, published);
  }

  #prepare(claim: ResourceClaim, published: Published): void {
    const { namespace, name, uid } = claim.metadata;
    const key = `${namespace}/${name}`;
    const results = (claim.status?.allocation?.devices?.results ?? []).filter(
      ({ driver, adminAccess, pool }) => driver === DRIVER && adminAccess !== true && published.has(pool),
    );
    for (const { pool, device } of results) {
      const found = published.get(pool)?.get(device);
      if (found === undefined) {
        this.#problems.push(`claim ${key}: node ${pool} has no device ${device}`);
        continue;
      }
      const before = this.#byUid.get(uid);
      this.#byUid.set(uid, { claim: key, node: pool, devices: [...(before?.devices ?? []), found] });
      this.#check(key, pool, found, published);
    }
  }

  #check(key: string, node: string, device: Device, published: Published): void {
    const held = [...this.#byUid.values()].filter((each) => each.node === node).flatMap(({ devices }) => devices);
    if (held.filter(({ name }) => name === device.name).length > 1) {
      this.#problems.push(`claim ${key}: device ${device.name} of node ${node} is prepared twice`);
    }
    for (const { counterSet, counters } of device.consumesCounters ?? []) {
      const limit = limitOf(published.get(node), counterSet);
      for (const counter of Object.keys(counters)) {
        const used = held.reduce((sum, each) => sum + consumed(each, counterSet, counter), 0);
        if (used > (limit.get(counter) ?? 0)) {
          this.#problems.push(`claim ${key}: device ${device.name} of node ${node} overlaps another in ${counter}`);
        }
      }
    }
  }
}

function consumed({ consumesCounters = [] }: Device, set: string, counter: string): number {
  return consumesCounters
    .filter(({ counterSet }) => counterSet === set)
    .reduce((sum, { counters }) => sum + Number(counters[counter]?.value ?? 0), 0);
}

/** The whole GPU takes all of its counters, so it says how much there is. */
function limitOf(devices: ReadonlyMap<string, Device> | undefined, set: string): ReadonlyMap<string, number> {
  const whole = [...(devices?.values() ?? [])].find(
    ({ attributes, consumesCounters = [] }) =>
      attributes?.type?.string === 'gpu' && consumesCounters.some(({ counterSet }) => counterSet === set),
  );
  const counters = whole?.consumesCounters?.[0]?.counters ?? {};
  return new Map(Object.entries(counters).map(([counter, { value }]) => [counter, Number(value)]));
}
