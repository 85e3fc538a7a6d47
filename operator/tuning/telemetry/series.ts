import type { Sample } from '../../observability/index.ts';

/** Milliseconds between samples: the median gap, which a few lost scrapes do not move. Undefined below two samples. */
export function medianGap(samples: readonly Sample[]): number | undefined {
  const gaps: number[] = [];
  for (let index = 1; index < samples.length; index += 1) {
    const [before, now] = [samples[index - 1], samples[index]];
    if (before !== undefined && now !== undefined) gaps.push(now.at - before.at);
  }
  return quantile(gaps, 0.5);
}

/** The value at rank floor(share·n) of the sorted values, as in the published check values; undefined when empty. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** The greatest value; undefined when empty. */
export function greatest(samples: readonly Sample[]): number | undefined {
  return samples.reduce<number | undefined>(
    (most, { value }) => (most === undefined || value > most ? value : most),
    undefined,
  );
}

/** Samples of two series taken at one instant. */
export function paired(left: readonly Sample[], right: readonly Sample[]): readonly (readonly [number, number])[] {
  const byTime = new Map(right.map(({ at, value }) => [at, value]));
  return left.flatMap(({ at, value }) => {
    const other = byTime.get(at);
    return other === undefined ? [] : [[value, other] as const];
  });
}
