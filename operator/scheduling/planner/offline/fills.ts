/** A kind of pod that a node may take: what one of it takes and what it is worth at the present prices. */
export interface Filler {
  /** Its place among all kinds. */
  readonly kind: number;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  /** Steps of one GPU for a share or a single GPU; 0 for several GPUs. */
  readonly size: number;
  /** Whole GPUs; 1 for a share. */
  readonly gpus: number;
  readonly worth: number;
}

/** An empty node to fill. */
export interface Room {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly gpus: number;
}

/** One way to fill GPUs: a chain of fillers and of fills of single GPUs. */
export interface Fill {
  readonly worth: number;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  /** What was added last, to what was there before. */
  readonly added?: Filler | Fill;
  readonly before?: Fill;
}

/** Fills that are kept of one GPU and of one node: those that no other beats in CPU and in worth. */
const KEPT_OF_GPU = 10;
const KEPT_OF_NODE = 32;

const EMPTY: Fill = { worth: 0, cpuMilli: 0, memoryMiB: 0 };

/**
 * The best ways to fill one GPU of `steps` steps, cheapest in CPU first and each worth more than the one before. Exact
 * but for the bound on how many are kept.
 */
export function gpuFills(fillers: readonly Filler[], steps: number): readonly Fill[] {
  const useful = undominated(fillers.filter(({ size, worth }) => size > 0 && worth > 0));
  const best: (readonly Fill[])[] = [[EMPTY]];
  for (let free = 1; free <= steps; free++) {
    const found: Fill[] = [...(best[free - 1] as readonly Fill[])];
    for (const filler of useful) {
      if (filler.size > free) break;
      for (const before of best[free - filler.size] as readonly Fill[]) found.push(plus(before, filler));
    }
    best.push(found.length === (best[free - 1] as readonly Fill[]).length ? found : frontier(found, KEPT_OF_GPU));
  }
  return best[steps] as readonly Fill[];
}

/** The fill of a node that is worth most, within its CPU and memory; `ofGpu` are the ways to fill one GPU of it. */
export function bestFill(room: Room, fillers: readonly Filler[], ofGpu: readonly Fill[]): Fill {
  const several = fillers.filter(({ gpus, worth }) => gpus > 1 && worth > 0);
  const best: (readonly Fill[])[] = [[EMPTY]];
  for (let free = 1; free <= room.gpus; free++) {
    const found: Fill[] = [];
    const combine = (before: readonly Fill[], added: Filler | Fill): void => {
      for (const one of before) {
        if (one.cpuMilli + added.cpuMilli > room.cpuMilli) break;
        if (one.memoryMiB + added.memoryMiB <= room.memoryMiB) found.push(plus(one, added));
      }
    };
    for (const added of ofGpu) combine(best[free - 1] as readonly Fill[], added);
    for (const filler of several) if (filler.gpus <= free) combine(best[free - filler.gpus] as readonly Fill[], filler);
    best.push(frontier(found, KEPT_OF_NODE));
  }
  return (best[room.gpus] as readonly Fill[]).at(-1) ?? EMPTY;
}

/** The pods of a fill GPU by GPU; one that takes several GPUs is alone on its list. */
export function gpusOf(fill: Fill): readonly (readonly Filler[])[] {
  const gpus: Filler[][] = [];
  for (let one: Fill | undefined = fill; one?.added !== undefined; one = one.before) {
    gpus.push('kind' in one.added ? [one.added] : fillersOf(one.added));
  }
  return gpus.filter((each) => each.length > 0);
}

function fillersOf(fill: Fill): Filler[] {
  const fillers: Filler[] = [];
  for (let one: Fill | undefined = fill; one?.added !== undefined; one = one.before) {
    if ('kind' in one.added) fillers.push(one.added);
  }
  return fillers;
}

function plus(before: Fill, added: Filler | Fill): Fill {
  return {
    worth: before.worth + added.worth,
    cpuMilli: before.cpuMilli + added.cpuMilli,
    memoryMiB: before.memoryMiB + added.memoryMiB,
    added,
    before,
  };
}

/** Fills that are worth more than every cheaper one, by CPU; thinned out evenly where they are too many. */
function frontier(fills: Fill[], most: number): readonly Fill[] {
  fills.sort((left, right) => left.cpuMilli - right.cpuMilli || right.worth - left.worth);
  const kept: Fill[] = [];
  let best = Number.NEGATIVE_INFINITY;
  for (const fill of fills) {
    if (fill.worth <= best + 1e-9) continue;
    best = fill.worth;
    kept.push(fill);
  }
  if (kept.length <= most) return kept;
  const last = kept.length - 1;
  return Array.from({ length: most }, (_, at) => kept[Math.round((at * last) / (most - 1))] as Fill);
}

/** Fillers by size, without those that another of no larger size beats in CPU and worth. */
function undominated(fillers: readonly Filler[]): readonly Filler[] {
  const sorted = [...fillers].sort((left, right) => left.size - right.size || left.cpuMilli - right.cpuMilli);
  return sorted.filter(
    (one, at) =>
      !sorted.some(
        (other, place) =>
          place !== at &&
          other.size <= one.size &&
          other.cpuMilli <= one.cpuMilli &&
          other.memoryMiB <= one.memoryMiB &&
          other.worth >= one.worth &&
          (place < at || other.worth > one.worth),
      ),
  );
}
