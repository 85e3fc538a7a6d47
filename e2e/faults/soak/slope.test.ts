import { describe, expect, it } from 'vitest';
import { blocksOf, type Sample, slopeOf } from './slope.ts';

/** A line with a wave of ±1 MiB over it, whose period fits in a block. */
function line(perEvent: number): readonly Sample[] {
  return Array.from({ length: 400 }, (_, at) => ({
    events: at * 100,
    rssMiB: 100 + perEvent * at * 100 + (at % 2 === 0 ? 1 : -1),
  }));
}

describe('slopeOf', () => {
  it.each([
    { name: 'a flat line', perEvent: 0, slope: 0 },
    { name: 'a leak of one kibibyte an event', perEvent: 1 / 1024, slope: 100_000 / 1024 },
    { name: 'memory that is given back', perEvent: -1 / 10_240, slope: -100_000 / 10_240 },
  ])('finds $name through the noise', ({ perEvent, slope }) => {
    const found = slopeOf(line(perEvent));
    expect(found.perHundredThousand).toBeCloseTo(slope, 6);
    expect(found.low).toBeLessThanOrEqual(found.perHundredThousand);
    expect(found.high).toBeGreaterThanOrEqual(found.perHundredThousand);
  });

  it('is less sure of a slope when the line is not straight', () => {
    const bent = line(0).map(({ events, rssMiB }, at) => ({ events, rssMiB: rssMiB + (at < 200 ? 0 : 20) }));
    const { low, high } = slopeOf(bent);
    expect(high - low).toBeGreaterThan(10);
  });

  it('refuses to judge by a handful of samples', () => {
    expect(() => slopeOf(line(0).slice(0, 39))).toThrow('39 samples are too few; 40 are needed');
    expect(blocksOf(line(0).slice(0, 40))).toHaveLength(20);
  });
});
