import { setTimeout as delay } from 'node:timers/promises';
import { type BenchApi, openApi } from '../../bench/api.ts';
import { deviceClasses } from './classes.ts';
import { PreparedClaims, type Published } from './prepared.ts';
import { type DeviceIll, type DraNodeSpec, devicesOf, slicesOf } from './slices.ts';
import type { DeviceClass, ResourceClaim, ResourceSlice } from './wire.ts';

const ROOT = '/apis/resource.k8s.io/v1';
const MANAGER = 'dra-driver-peer';
const POLL_MS = 250;

/** What the peer needs. */
export interface DraPeerOptions {
  readonly kubeconfig: string;
  readonly nodes: readonly DraNodeSpec[];
  /** The extended resource under which whole GPUs can be asked for, too; none unless given. */
  readonly extendedResource?: string;
  /** Told when the cluster cannot be read. */
  readonly complain?: (message: string) => void;
}

/** What can be wrong with what a node publishes. */
export const misdeeds = ['vanish', 'stale', 'duplicate'] as const;
/** One of them: a slice is gone, an older generation stands beside the new one, or a device is published twice. */
export type Misdeed = (typeof misdeeds)[number];

interface NodeState {
  readonly spec: DraNodeSpec;
  readonly ills: Map<string, DeviceIll>;
  generation: number;
}

/**
 * Plays NVIDIA's DRA driver for several nodes: publishes their ResourceSlices, and prepares in memory what is reserved on
 * them.
 */
export class DraPeer {
  readonly prepared = new PreparedClaims();
  readonly #api: BenchApi;
  readonly #nodes: ReadonlyMap<string, NodeState>;
  readonly #published: Published;
  readonly #options: DraPeerOptions;
  readonly #stopped = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  private constructor(options: DraPeerOptions) {
    this.#options = options;
    this.#api = openApi(options.kubeconfig);
    this.#nodes = new Map(options.nodes.map((spec) => [spec.node, { spec, ills: new Map(), generation: 1 }]));
    this.#published = new Map(
      options.nodes.map((spec) => [spec.node, new Map(devicesOf(spec).map((device) => [device.name, device]))]),
    );
  }

  /** Installs the DeviceClasses, publishes every node and begins to prepare. */
  static async start(options: DraPeerOptions): Promise<DraPeer> {
    const peer = new DraPeer(options);
    for (const each of deviceClasses(options.extendedResource)) await peer.#apply('deviceclasses', each);
    for (const node of peer.#nodes.keys()) await peer.publish(node);
    peer.#loop = peer.#prepareUntilStopped();
    return peer;
  }

  /** Publishes a node as it is, under the next generation, and removes what stood there before. */
  async publish(node: string): Promise<void> {
    const state = this.#state(node);
    const slices = slicesOf(state.spec, { generation: state.generation, taints: state.ills });
    for (const slice of slices) await this.#apply('resourceslices', slice);
    const names = new Set(slices.map(({ metadata }) => metadata.name));
    for (const slice of await this.#slices(node)) {
      if (!names.has(slice.metadata.name)) await this.#remove(slice);
    }
    state.generation += 1;
  }

  /** Reports a device as ill, or as well again without a taint. */
  async report(node: string, device: string, taint?: DeviceIll): Promise<void> {
    const { ills } = this.#state(node);
    if (taint === undefined) ills.delete(device);
    else ills.set(device, taint);
    await this.publish(node);
  }

  /** Publishes a node wrongly; `publish` mends it. */
  async misbehave(node: string, misdeed: Misdeed): Promise<void> {
    const { spec, ills, generation } = this.#state(node);
    const last = slicesOf(spec, { generation: generation - 1, taints: ills }).at(-1);
    if (last === undefined) return;
    if (misdeed === 'vanish') return this.#remove(last);
    const name = `${last.metadata.name}-${misdeed}`;
    const { pool } = last.spec;
    const wrong =
      misdeed === 'stale'
        ? { ...pool, generation: pool.generation - 1 }
        : { ...pool, resourceSliceCount: pool.resourceSliceCount };
    const slice = { ...last, metadata: { ...last.metadata, name }, spec: { ...last.spec, pool: wrong } };
    await this.#apply('resourceslices', slice);
  }

  /** Stops preparing and removes slices and classes. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    for (const node of this.#nodes.keys()) for (const slice of await this.#slices(node)) await this.#remove(slice);
    for (const { metadata } of deviceClasses()) await this.#delete(`deviceclasses/${metadata.name}`);
    await this.#api.close();
  }

  #state(node: string): NodeState {
    const found = this.#nodes.get(node);
    if (found === undefined) throw new Error(`node "${node}" is none of ${[...this.#nodes.keys()].join(', ')}`);
    return found;
  }

  async #slices(node: string): Promise<readonly ResourceSlice[]> {
    return await this.#list<ResourceSlice>(`resourceslices?fieldSelector=spec.nodeName%3D${node}`);
  }

  async #remove({ metadata: { name } }: ResourceSlice): Promise<void> {
    await this.#delete(`resourceslices/${name}`);
  }

  async #apply(plural: string, object: ResourceSlice | DeviceClass): Promise<void> {
    const path = `${ROOT}/${plural}/${object.metadata.name}?fieldManager=${MANAGER}&force=true`;
    await this.#api.send('PATCH', path, { body: object, contentType: 'application/apply-patch+yaml' });
  }

  async #list<T>(path: string): Promise<readonly T[]> {
    const { text } = await this.#api.send('GET', `${ROOT}/${path}`);
    const { items }: { readonly items: readonly T[] } = JSON.parse(text);
    return items;
  }

  async #delete(path: string): Promise<void> {
    await this.#api.send('DELETE', `${ROOT}/${path}`, { also: [404] });
  }

  async #prepareUntilStopped(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        this.prepared.update(await this.#list<ResourceClaim>('resourceclaims'), this.#published);
      } catch (error) {
        if (!signal.aborted) this.#options.complain?.(`claims cannot be read: ${messageOf(error)}`);
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
