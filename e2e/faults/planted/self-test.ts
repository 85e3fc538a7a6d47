/** Shows that the checker catches what it is for: programs with one mistake each, and one without. */
import type { Cluster } from '../../cluster/index.ts';
import { openCheckerApi } from '../api.ts';
import { openHarness, type Trial } from '../harness.ts';
import { choice } from '../plan/choose.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../plan/trace.ts';
import type { WriteFault } from '../proxy/faults.ts';
import { inLanes } from '../run/lanes.ts';
import { Checker } from '../run/run.ts';
import { plantedTrials } from './trial.ts';

/** A planted program, and the faults of which one must reveal it. */
interface Planted {
  readonly program: string;
  readonly mistake: string;
  readonly revealedBy: readonly WriteFault[];
}

/** The program without a mistake. */
const SOUND = 'sound';

/** The mistakes that operators are known for. */
const planted: readonly Planted[] = [
  { program: 'random-name', mistake: 'makes an object under a random name', revealedBy: ['kill-after'] },
  {
    program: 'double-create',
    mistake: 'takes a lost answer for a failure',
    revealedBy: ['timeout-after', 'reset-after'],
  },
  { program: 'status-once', mistake: 'reports only after it changed something', revealedBy: ['kill-before'] },
  { program: 'status-first', mistake: 'reports before it does', revealedBy: ['kill-after'] },
  { program: 'effect-first', mistake: 'has the effect before the finalizer', revealedBy: ['away'] },
  { program: 'keeps-finalizer', mistake: 'forgets to remove its finalizer', revealedBy: ['throttle'] },
  { program: 'never-silent', mistake: 'writes in every pass', revealedBy: ['throttle'] },
  { program: 'swallows-conflict', mistake: 'takes 409 for success', revealedBy: ['conflict', 'race'] },
  { program: 'swallows-errors', mistake: 'takes any error for success', revealedBy: ['error-500'] },
  { program: 'memory-as-truth', mistake: 'takes back what its memory holds', revealedBy: ['away'] },
  { program: 'deletes-strangers', mistake: 'deletes by name alone', revealedBy: ['throttle'] },
  { program: 'stale-copy', mistake: 'acts on a copy that it never renews', revealedBy: ['throttle'] },
  { program: 'dies-of-errors', mistake: 'ends over one failed pass', revealedBy: ['error-500'] },
  { program: 'edge-triggered', mistake: 'acts on the change, not on the state', revealedBy: ['kill-before'] },
];

/** What became of one program. */
export interface Verdict {
  readonly program: string;
  readonly mistake: string;
  readonly plans: number;
  /** What gave it away; absent when nothing did. */
  readonly caught?: string;
}

/** The outcome of a self-test. */
export interface SelfTest {
  readonly planted: number;
  readonly caught: number;
  readonly missed: readonly string[];
  readonly verdicts: readonly Verdict[];
}

/** How a self-test is run. */
export interface SelfTestOptions {
  /** Chooses among the programs beside the sound one; all unless given. */
  readonly programs?: (program: string) => boolean;
  /** Plans of each fault that the sound program must pass. */
  readonly sample: number;
  readonly say: (line: string) => void;
}

/** A program that starts anew, as one does that loses its lease on a busy machine, heals what it had left undone: a program that nothing gave away is tried again. */
const ROUNDS = 2;
/** Plans of one planted program that are run before it is asked whether one of them gave it away. */
const PLANS_AT_ONCE = 4;
/** Above the tokens of a run of the operator that may have left something in the same cluster. */
const FIRST_TOKEN = 5_000;
/** Tokens that each program may use. */
const TOKENS = 300;
const SILENCE_MILLIS = 3_000;
/** Programs beside the sound one that share the machine. */
const PROGRAMS_AT_ONCE = 3;
/** Faults that wait for a time limit of the runtime. */
const SLOW: ReadonlySet<string> = new Set(['blackhole', 'hang']);
const NEVER = Number.POSITIVE_INFINITY;

/** Learns from the sound program what is right, then runs it and those with mistakes, all at a time. */
export async function selfTest(cluster: Cluster, options: SelfTestOptions): Promise<SelfTest> {
  const { say } = options;
  const meant = planted.filter(({ program }) => options.programs?.(program) ?? true);
  const api = openCheckerApi(cluster.kubeconfig);
  try {
    const trials = await plantedTrials(cluster, api, [SOUND, ...meant.map(({ program }) => program)]);
    const trial = trials(SOUND);
    const harness = await openHarness(cluster, SOUND, trial);
    try {
      const checker = new Checker(harness, trial, FIRST_TOKEN);
      const traces = await checker.learn();
      say(`${SOUND}: learned ${traces.flatMap(({ points }) => points).length} writes`);
      const sounding = trySound(checker, traces, options);
      const verdicts: Verdict[] = [];
      await inLanes([...meant.entries()], PROGRAMS_AT_ONCE, async ([at, one]) => {
        verdicts.push(
          await tryPlanted(cluster, trials(one.program), one, traces, FIRST_TOKEN + (at + 1) * TOKENS, say),
        );
      });
      const sound = await sounding;
      const missed = verdicts.filter(({ caught }) => caught === undefined).map(({ program }) => program);
      return {
        planted: meant.length,
        caught: meant.length - missed.length,
        missed: [...missed, ...(sound.caught === undefined ? [] : [`${SOUND}: ${sound.caught}`])],
        verdicts: [sound, ...verdicts],
      };
    } finally {
      await harness.close();
    }
  } finally {
    await api.close();
  }
}

async function trySound(
  checker: Checker,
  traces: readonly Trace[],
  { sample, say }: SelfTestOptions,
): Promise<Verdict> {
  const few = choice({ seed: 1, sample });
  // Other programs run in the same cluster: an API server that goes away would be their fault too.
  const choose = (plans: readonly Plan[]): readonly Plan[] =>
    few(plans.filter(({ injection: { kind, fault } }) => kind !== 'cluster' && !SLOW.has(fault)));
  const report = await checker.run(traces, {
    choose,
    silenceMillis: SILENCE_MILLIS,
    until: NEVER,
    replay: () => '',
    say,
  });
  const [violation] = report.violations;
  say(`${SOUND}: ${report.plans} plans, ${report.violations.length} violations`);
  const caught = violation && `${violation.plan}: ${violation.oracle}: ${violation.object}`;
  return { program: SOUND, mistake: 'none: it must pass', plans: report.plans, caught };
}

/** Its own clean runs say where it writes; those of the sound program say what must come of it. */
async function tryPlanted(
  cluster: Cluster,
  trial: Trial,
  { mistake, program, revealedBy }: Planted,
  sound: readonly Trace[],
  firstToken: number,
  say: SelfTestOptions['say'],
): Promise<Verdict> {
  const harness = await openHarness(cluster, program, trial);
  try {
    const checker = new Checker(harness, trial, firstToken);
    const own = await checker
      .learn()
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (typeof own === 'string') {
      say(`${program}: caught by its clean runs: ${own}`);
      return { program, mistake, plans: 0, caught: `clean runs: ${own}` };
    }
    const traces = own.map((trace, at) => ({ ...trace, ...judgedBy(sound[at] ?? trace) }));
    const faults: ReadonlySet<string> = new Set(revealedBy);
    let plans = 0;
    let unproven = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const report = await checker.run(traces, {
        choose: (all) => all.filter(({ injection }) => faults.has(injection.fault)),
        silenceMillis: SILENCE_MILLIS,
        until: NEVER,
        replay: () => '',
        stopAtFirst: true,
        batchSize: PLANS_AT_ONCE,
        say: () => undefined,
      });
      plans += report.plans;
      // What the checker itself could not do gives nothing away.
      const unable = report.violations.filter(({ oracle }) => oracle === 'checker');
      unproven += unable.length + report.notFired.length;
      const violation = report.violations.find(({ oracle }) => oracle !== 'checker');
      if (violation === undefined) continue;
      const caught = `${violation.plan}: ${violation.oracle}: ${violation.object}`;
      say(`${program}: caught by ${caught}`);
      return { program, mistake, plans, caught };
    }
    say(`${program}: MISSED in ${plans} plans, of which ${unproven} proved nothing`);
    return { program, mistake, plans };
  } finally {
    await harness.close();
  }
}

function judgedBy({ references, effects }: Trace): Pick<Trace, 'references' | 'effects'> {
  return { references, effects };
}
