import type { WatchFault, WriteFault } from './faults.ts';
import type { Write } from './journal.ts';

/** A fault that waits for its write. */
export interface ArmedWrite {
  readonly token: string;
  readonly point: string;
  readonly fault: WriteFault;
  /** Done when the write is there, before the fault; for actions on the cluster. */
  readonly before?: () => Promise<void>;
  /** Whether it met its write. */
  fired: boolean;
}

/** A fault that waits for its frame: the `occurrence`-th frame about the plan on streams of `resource`, of `object` where given. */
export interface ArmedWatch {
  readonly token: string;
  readonly resource: string;
  readonly fault: WatchFault;
  /** Without token, as `namespace/name`. */
  readonly object?: string;
  readonly occurrence?: number;
  seen: number;
  fired: boolean;
}

/** What is to go wrong. Each fault fires once; faults of streams that shape every frame stay in force until they are taken down. */
export class Board {
  readonly #writes = new Set<ArmedWrite>();
  readonly #watches = new Set<ArmedWatch>();
  /** While true, watches are cut and refused. */
  watchesRefused = false;

  armWrite(fault: Omit<ArmedWrite, 'fired'>): ArmedWrite {
    const armed = { ...fault, fired: false };
    this.#writes.add(armed);
    return armed;
  }

  armWatch(fault: Omit<ArmedWatch, 'fired' | 'seen'>): ArmedWatch {
    const armed = { ...fault, fired: false, seen: 0 };
    this.#watches.add(armed);
    return armed;
  }

  /** Takes a fault down, fired or not. */
  disarm(armed: ArmedWrite | ArmedWatch): void {
    for (const set of [this.#writes, this.#watches] as readonly Set<unknown>[]) set.delete(armed);
  }

  /** The fault that a write meets, now fired. */
  forWrite({ token, point }: Write): ArmedWrite | undefined {
    for (const armed of this.#writes) {
      if (armed.fired || armed.token !== token || armed.point !== point) continue;
      armed.fired = true;
      return armed;
    }
    return undefined;
  }

  /** The fault that a frame meets. `object` is `namespace/name` without token. */
  forFrame(resource: string, token: string | undefined, object: string): ArmedWatch | undefined {
    for (const armed of this.#watches) {
      if (armed.resource !== resource) continue;
      const shapesAll = armed.fault === 'double' || armed.fault === 'split';
      const meant = armed.token === token && (armed.object === undefined || armed.object === object);
      if (shapesAll && meant) armed.fired = true;
      if (shapesAll) return armed;
      if (armed.fired || !meant) continue;
      armed.seen += 1;
      if (armed.seen < (armed.occurrence ?? 1)) continue;
      armed.fired = true;
      return armed;
    }
    return undefined;
  }
}
