import type { MigModel, ProfileShape } from './geometry.ts';
import { parseMigProfile, profileShape } from './profile.ts';

/** Devices by profile name. */
type Counts = Readonly<Record<string, number>>;

/**
 * Whether the devices fit on one GPU whatever slots the driver picks. mig-parted says counts only and tries the orders of
 * creation one after another, so there must be an order in which no choice of the driver leads into a dead end.
 */
export function fitsAnySlots(model: MigModel, counts: Counts): boolean {
  const left: { readonly shape: ProfileShape; readonly count: number }[] = [];
  for (const [name, count] of Object.entries(counts)) {
    const profile = parseMigProfile(name);
    const shape = profile === undefined ? undefined : profileShape(model, profile);
    if (shape === undefined || count > shape.max) return false;
    if (count > 0) left.push({ shape, count });
  }
  const compute = left.reduce((sum, { shape, count }) => sum + shape.compute * count, 0);
  if (compute > model.geometry.computeSlices || !model.geometry.placementsKnown) return false;
  return wins(
    left.map(({ shape }) => shape),
    left.map(({ count }) => count),
    0,
    new Map(),
  );
}

/** We choose what comes next, the driver where it sits. */
function wins(
  shapes: readonly ProfileShape[],
  counts: readonly number[],
  used: number,
  known: Map<string, boolean>,
): boolean {
  if (counts.every((count) => count === 0)) return true;
  const key = `${used}/${counts.join()}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = shapes.some((shape, index) => {
    if ((counts[index] ?? 0) === 0) return false;
    const rest = counts.map((count, other) => (other === index ? count - 1 : count));
    const masks = shape.starts.map((start) => ((1 << shape.memorySlots) - 1) << start);
    const free = masks.filter((mask) => (used & mask) === 0);
    return free.length > 0 && free.every((mask) => wins(shapes, rest, used | mask, known));
  });
  known.set(key, found);
  return found;
}

const cuts = new WeakMap<MigModel, readonly Counts[]>();

/** Every cut of one GPU that fits whatever slots the driver picks, without special variants such as `+me`. */
export function robustCuts(model: MigModel): readonly Counts[] {
  const before = cuts.get(model);
  if (before !== undefined) return before;
  const profiles = model.geometry.profiles.flatMap(({ size, compute, attribute, max }) => {
    const gb = model.gb[size];
    return attribute !== undefined || gb === undefined ? [] : [{ name: `${compute}g.${gb}gb`, max }];
  });
  let all: Counts[] = [{}];
  for (const { name, max } of profiles) {
    all = all.flatMap((cut) =>
      Array.from({ length: max + 1 }, (_, count) => (count === 0 ? cut : { ...cut, [name]: count })),
    );
  }
  const found = all.filter((cut) => Object.keys(cut).length > 0 && fitsAnySlots(model, cut));
  cuts.set(model, found);
  return found;
}
