import type { Filler, Room } from './fills.ts';

/** Prices of CPU that are tried for the least ceiling, by golden section. */
const SECTIONS = 24;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * More than any fill of the node can be worth: memory counts for each pod alone, and CPU has a price instead of a limit, the one that
 * gives the least. Exact in the sizes of GPUs, of which each has `steps` steps.
 */
export function ceilingOfNode(room: Room, fillers: readonly Filler[], steps: number): number {
  const useful = fillers.filter(
    ({ worth, cpuMilli, memoryMiB }) => worth > 0 && cpuMilli <= room.cpuMilli && memoryMiB <= room.memoryMiB,
  );
  const at = (lambda: number): number => lambda * room.cpuMilli + relaxed(room.gpus, useful, steps, lambda);
  let low = 0;
  let high = useful.reduce((most, { worth, cpuMilli }) => Math.max(most, worth / Math.max(1, cpuMilli)), 0);
  let left = high - GOLDEN * high;
  let right = GOLDEN * high;
  let [leftValue, rightValue] = [at(left), at(right)];
  let least = Math.min(at(0), leftValue, rightValue);
  for (let section = 0; section < SECTIONS; section++) {
    if (leftValue < rightValue) {
      high = right;
      right = left;
      rightValue = leftValue;
      left = high - GOLDEN * (high - low);
      leftValue = at(left);
    } else {
      low = left;
      left = right;
      leftValue = rightValue;
      right = low + GOLDEN * (high - low);
      rightValue = at(right);
    }
    least = Math.min(least, leftValue, rightValue);
  }
  return least;
}

/** Best worth of whole GPUs, each pod less what its CPU costs. */
function relaxed(gpus: number, fillers: readonly Filler[], steps: number, lambda: number): number {
  const part = new Float64Array(steps + 1);
  const bySize = new Map<number, number>();
  for (const { size, worth, cpuMilli } of fillers) {
    if (size > 0) bySize.set(size, Math.max(bySize.get(size) ?? 0, worth - lambda * cpuMilli));
  }
  for (let free = 1; free <= steps; free++) {
    let best = part[free - 1] as number;
    for (const [size, worth] of bySize) if (size <= free) best = Math.max(best, (part[free - size] as number) + worth);
    part[free] = best;
  }
  const whole = new Float64Array(gpus + 1);
  for (let free = 1; free <= gpus; free++) {
    let best = (whole[free - 1] as number) + (part[steps] as number);
    for (const { size, gpus: count, worth, cpuMilli } of fillers) {
      if (size > 0 || count > free) continue;
      best = Math.max(best, (whole[free - count] as number) + worth - lambda * cpuMilli);
    }
    whole[free] = best;
  }
  return whole[gpus] as number;
}
