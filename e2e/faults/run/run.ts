import type { Harness, Trial } from '../harness.ts';
import { lossOf } from '../oracles/judge.ts';
import { plansOf } from '../plan/generate.ts';
import { type Group, groupOf, type Plan, type Result, type Violation } from '../plan/plan.ts';
import type { Trace } from '../plan/trace.ts';
import { tokenOf } from '../proxy/token.ts';
import { type Assigned, runBatch } from './batch.ts';
import { CLEAN_RUNS, traceOf } from './clean.ts';

/** What to run and how. */
export interface RunOptions {
  /** Chooses among all plans, in their order. */
  readonly choose: (plans: readonly Plan[]) => readonly Plan[];
  readonly silenceMillis: number;
  /** No batch begins after this moment, in milliseconds since the epoch. */
  readonly until: number;
  /** The command that runs one plan alone. */
  readonly replay: (plan: Plan) => string;
  /** Whether to stop after the first batch with a violation. */
  readonly stopAtFirst?: boolean;
  /** The most plans of a batch, which is what a stop can leave out. */
  readonly batchSize?: number;
  readonly say: (line: string) => void;
}

/** What a run of the checker prints. */
export interface Report {
  readonly plans: number;
  readonly injected: number;
  readonly converged: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly violations: readonly Violation[];
  /** Plans whose fault did not meet its point: no proof of anything. */
  readonly notFired: readonly string[];
  /** Plans that the budget of time left out. */
  readonly left: number;
  /** Writes of clean runs that are points, by controller. */
  readonly points: Readonly<Record<string, number>>;
}

/** How many plans share two windows of silence. */
const batchSizes: Readonly<Record<Group, number>> = { together: 96, streams: 64, alone: 40, slow: 64 };
/** Plans under way at a time. */
const widths: Readonly<Record<Group, number>> = { together: 12, streams: 4, alone: 1, slow: 64 };

/** Violations of one plan that are said while it runs; the report has all. */
const SAID = 4;

/** Learns what clean runs do, breaks them in every way, and judges what is left. */
export class Checker {
  readonly #harness: Harness;
  readonly #trial: Trial;
  #tokens: number;

  /** `firstToken` keeps the plans of several checkers on one cluster apart. */
  constructor(harness: Harness, trial: Trial, firstToken = 1) {
    this.#harness = harness;
    this.#trial = trial;
    this.#tokens = firstToken;
  }

  /** The next token that is free. */
  get nextToken(): number {
    return this.#tokens;
  }

  /** Runs every workload without faults. */
  async learn(): Promise<readonly Trace[]> {
    const { workloads } = this.#trial;
    return await Promise.all(
      workloads.map((workload) => {
        const tokens = Array.from({ length: CLEAN_RUNS }, () => this.#token());
        return traceOf(this.#harness, workload, tokens);
      }),
    );
  }

  /** Runs the chosen plans. */
  async run(traces: readonly Trace[], options: RunOptions): Promise<Report> {
    const all = traces.flatMap(plansOf);
    const plans = options.choose(all);
    const results: Result[] = [];
    const started = Date.now();
    for (const { group, batch } of batches(plans, options.batchSize)) {
      if (Date.now() > options.until) break;
      if (options.stopAtFirst === true && results.some(({ violations }) => violations.length > 0)) break;
      let done = 0;
      const assigned: readonly Assigned[] = batch.map((plan) => ({ plan, token: this.#token() }));
      const onProgress = (plan: Plan): void => {
        done += 1;
        const seconds = Math.round((Date.now() - started) / 1000);
        options.say(`${seconds} s: ${results.length + done} of ${plans.length} plans, last ${plan.id}`);
      };
      const made = await runBatch(
        {
          harness: this.#harness,
          workloads: this.#trial.workloads,
          traces,
          width: widths[group],
          silenceMillis: options.silenceMillis,
          onProgress,
        },
        assigned,
      );
      results.push(...made);
      for (const { plan, violations } of made) {
        for (const { oracle, object, expected, actual } of violations.slice(0, SAID)) {
          options.say(`violation: ${plan.id}: ${oracle}: ${object}: expected ${expected}, found ${actual}`);
        }
      }
    }
    return report(results, plans.length, traces, options.replay);
  }

  #token(): string {
    const token = tokenOf(this.#tokens);
    this.#tokens += 1;
    return token;
  }
}

function batches(
  plans: readonly Plan[],
  most = Number.POSITIVE_INFINITY,
): readonly { readonly group: Group; readonly batch: readonly Plan[] }[] {
  return (['together', 'streams', 'alone', 'slow'] as const).flatMap((group) => {
    const own = plans.filter((plan) => groupOf(plan) === group);
    const size = Math.min(batchSizes[group], most);
    return Array.from({ length: Math.ceil(own.length / size) }, (_, at) => ({
      group,
      batch: own.slice(at * size, (at + 1) * size),
    }));
  });
}

function report(
  results: readonly Result[],
  planned: number,
  traces: readonly Trace[],
  replay: RunOptions['replay'],
): Report {
  const losses = results.map(({ violations }) => lossOf(violations));
  const points: Record<string, number> = {};
  for (const { controller } of traces.flatMap((trace) => trace.points))
    points[controller] = (points[controller] ?? 0) + 1;
  return {
    plans: results.length,
    injected: results.filter(({ fired }) => fired).length,
    converged: results.filter(({ fired, violations }) => fired && violations.length === 0).length,
    lost: losses.reduce((sum, { lost }) => sum + lost, 0),
    duplicated: losses.reduce((sum, { duplicated }) => sum + duplicated, 0),
    violations: results.flatMap(({ plan, violations }) =>
      violations.map((violation) => ({ ...violation, plan: plan.id, replay: replay(plan) })),
    ),
    notFired: results.filter(({ fired }) => !fired).map(({ plan }) => plan.id),
    left: planned - results.length,
    points,
  };
}
