/** A straight line through measurements, and how sure its slope is. Pure. */

/** One measurement: after so many events the program held so much memory. */
export interface Sample {
  readonly events: number;
  readonly rssMiB: number;
}

/** A slope in MiB per 100,000 events with the bounds of its 95 % confidence interval. */
export interface Slope {
  readonly perHundredThousand: number;
  readonly low: number;
  readonly high: number;
}

/** Neighbouring measurements are not independent, so means of blocks are fitted and not the measurements. */
const BLOCKS = 20;
/** Quantile 0.975 of Student's t for 18 degrees of freedom: 20 blocks, two parameters. */
const T = 2.101;
const SCALE = 100_000;

/** Fits a line by least squares. Throws with fewer than two samples a block. */
export function slopeOf(samples: readonly Sample[]): Slope {
  const blocks = blocksOf(samples);
  const meanX = mean(blocks.map(({ events }) => events));
  const meanY = mean(blocks.map(({ rssMiB }) => rssMiB));
  const spread = sum(blocks.map(({ events }) => (events - meanX) ** 2));
  const slope = sum(blocks.map(({ events, rssMiB }) => (events - meanX) * (rssMiB - meanY))) / spread;
  const rest = sum(blocks.map(({ events, rssMiB }) => (rssMiB - meanY - slope * (events - meanX)) ** 2));
  const error = Math.sqrt(rest / (BLOCKS - 2) / spread) * T;
  return { perHundredThousand: slope * SCALE, low: (slope - error) * SCALE, high: (slope + error) * SCALE };
}

/** The means of equally many neighbouring samples, as many as there are blocks. */
export function blocksOf(samples: readonly Sample[]): readonly Sample[] {
  if (samples.length < 2 * BLOCKS) throw new Error(`${samples.length} samples are too few; ${2 * BLOCKS} are needed`);
  return Array.from({ length: BLOCKS }, (_, at) => {
    const from = Math.floor((at * samples.length) / BLOCKS);
    const own = samples.slice(from, Math.floor(((at + 1) * samples.length) / BLOCKS));
    return { events: mean(own.map(({ events }) => events)), rssMiB: mean(own.map(({ rssMiB }) => rssMiB)) };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
