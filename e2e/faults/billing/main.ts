/** `make faults-billing`: kills the biller at every point and compares what the peer has billed with what was true. */
import { parseArgs } from 'node:util';

import { layGround } from './ground.ts';
import { points } from './points.ts';
import { describeReport } from './report.ts';
import { idsOf, type Plan, runPlan } from './run.ts';

const HELP = `Kills metering and billing at every point and compares what the Stripe peer has billed with the integral of the
generated allocations: the difference must be exactly 0 GPU-seconds, no identifier counted twice, nothing held.

Usage: node e2e/faults/billing/main.ts [--seed N] [--only PATTERN] [--random N] [--sends N] [--budget MINUTES] [--json]

  --seed N          the worlds and random faults; the same seed gives the same. Default 1
  --only PATTERN    parts whose id matches this regular expression, for example "^K5/" or "/25h/expiry=24h"
  --random N        worlds with kills at random points, also during recovery. Default 24
  --sends N         rows of the storm, in which the peer breaks 20 % of all calls; 0 for none. Default 10000
  --budget MINUTES  begin nothing after this time; what is left out is listed. Default 45
  --list            print the ids of the parts and run none
  --json            print one JSON object and nothing else on standard output

Example: make faults-billing ARGS='--only "^(naive/)?K[56]/25h/"'

Ids are POINT/RECOVERY/EXPIRY: the recovery is "soon" (a new process within a minute), "25h" (one after 25 hours) or
"replica" (a second process that waited takes over); the expiry is when the peer forgets identifiers. hourly/... is our
sender where it states whole hours (ingestion: HourlySnapshot), stream/... where it streams (transport: MeterEventStream);
random/... takes the three in turn. naive/... is a sender that has nothing but the identifier: it must bill twice where an
answer was lost and the peer has forgotten. markless/... keeps nothing outside its database: it must bill twice where that
was put back and the peer has forgotten.

${points.map(({ id, what }) => `  ${id.padEnd(5)} ${what}`).join('\n')}

Processes are real and killed by SIGKILL; they run the operator's metering, sealing, freezing and sending on a real
PostgreSQL, which is started and stopped again. Time is virtual.

Exit codes: 0 no violation; 1 violations; 2 usage, or the checker itself could not run.
`;

class UsageError extends Error {}

const { values } = options();

function options() {
  return parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      random: { type: 'string', default: '24' },
      sends: { type: 'string', default: '10000' },
      budget: { type: 'string', default: '45' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function whole(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`--${name}: "${text}" is not valid; write a whole number, for example --${name} 10`);
}

function pattern(text: string | undefined): RegExp {
  try {
    return new RegExp(text ?? '');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`--only: "${text}" is no regular expression; write for example --only "^K5/"`);
  }
}

function planOf(): Plan {
  const only = pattern(values.only);
  return {
    seed: whole('seed', values.seed),
    wanted: (id) => only.test(id),
    random: whole('random', values.random),
    sends: whole('sends', values.sends),
    until: performance.now() + whole('budget', values.budget) * 60_000,
    say: (line) => void process.stderr.write(`${line}\n`),
  };
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const plan = planOf();
  const ids = idsOf(plan);
  if (ids.length === 0) throw new UsageError(`--only: "${values.only}" matches nothing; --list prints the ids`);
  if (values.list) {
    process.stdout.write(`${ids.join('\n')}\n`);
    return 0;
  }
  const ground = await layGround();
  const stop = (): void => void ground.close().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const report = await runPlan(plan, ground);
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : describeReport(report));
    return report.violations.length > 0 ? 1 : 0;
  } finally {
    await ground.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const text = error instanceof UsageError ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`error: ${text}\n`);
  process.exitCode = 2;
}
