/** `make soak-runtime`: hours of a cluster's churn in minutes, and the line that the memory of the runtime follows. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acquireCluster } from '../../cluster/index.ts';
import { down } from '../../cluster/lifecycle.ts';
import { progressTo } from '../../cluster/progress.ts';
import { stateFolder } from '../../cluster/state.ts';
import { describeSoak } from './describe.ts';
import { soak } from './soak.ts';

const HELP = `Churns custom resources under an operator made of the runtime alone, and fits a line through its memory.

Usage: node e2e/faults/soak/main.ts [--minutes 10] [--toys 200] [--json]

  --minutes N   how long to churn; ten minutes make about the events of two hours of a busy cluster. Default 10
  --toys N      custom resources that live at a time. Default 200
  --json        print one JSON object and nothing else on standard output

Example: make soak-runtime ARGS="--minutes 3"

A cluster of its own is started and stopped again. The first fifth of the samples is warm-up and not fitted.

Exit codes: 0 flat; 1 memory grows by more than 1 % in the events of an hour; 2 usage, or the soak could not run.
`;

/** Reads a positive whole number. */
function whole(name: string, text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new Error(`--${name}: "${text}" is not valid; write a whole number from 1, for example --${name} 10`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      toys: { type: 'string', default: '200' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [minutes, toys] = [whole('minutes', values.minutes), whole('toys', values.toys)];
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error('interrupted')));
  const stateDir = resolve(stateFolder(), '../soak/cluster');
  const progress = progressTo(process.stderr);
  // What a run that was killed has left is not a fresh cluster.
  await down(stateDir, progress);
  try {
    const cluster = await acquireCluster({ stateDir, realNode: false, progress });
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const result = await soak(cluster, { millis: minutes * 60_000, toys, say }, stop.signal);
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : describeSoak(result));
    return result.flat ? 0 : 1;
  } finally {
    await down(stateDir, progress);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
