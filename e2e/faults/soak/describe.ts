import { blocksOf } from './slope.ts';
import type { SoakResult } from './soak.ts';

/** Characters of the longest bar. */
const WIDTH = 40;

/** A table of memory over events with bars, and the slope. Its last line is a JSON object without the samples. */
export function describeSoak({ samples, ...rest }: SoakResult): string {
  const blocks = blocksOf(samples);
  const most = Math.max(...blocks.map(({ rssMiB }) => rssMiB));
  const rows = blocks.map(({ events, rssMiB }) => {
    const bar = '█'.repeat(Math.round((rssMiB / most) * WIDTH));
    return `${Math.round(events).toString().padStart(9)}  ${rssMiB.toFixed(1).padStart(7)}  ${bar}`;
  });
  const { perHundredThousand, low, high } = rest.slope;
  const interval = `${low.toFixed(2)} to ${high.toFixed(2)}`;
  const lines = [
    '   events  RSS MiB',
    ...rows,
    `slope ${perHundredThousand.toFixed(2)} MiB per 100,000 events (95 %: ${interval}), limit ${rest.limit.toFixed(2)}`,
    rest.flat ? 'flat: growth above the limit is not shown' : 'not flat: memory grows with events',
    JSON.stringify(rest),
  ];
  return `${lines.join('\n')}\n`;
}
