import { setMaxListeners } from 'node:events';
import { emailSend } from '../steps/email-send.ts';
import { type ExitCode, exitCodes, RunStopped, tryLater } from '../steps/exit.ts';
import { leadImport } from '../steps/lead-import.ts';
import type { StepContext } from '../steps/step.ts';
import type { StepConfig } from './config.ts';
import { type Claim, type Counts, Fenced } from './contract.ts';

/** What a run needs: a step's context but for the fence, which the claim gives. */
export interface RunDeps extends Omit<StepContext, 'fence'> {
  readonly jobUid: string;
  readonly configHash: string;
  /** Unique for this process. */
  readonly claimant: string;
}

/** What a run ends with; fits into a termination message. */
export interface RunReport {
  readonly v: 1;
  readonly outcome: 'Succeeded' | 'AlreadyDone' | 'Failed' | 'Interrupted';
  readonly exit: ExitCode;
  readonly configHash: string;
  readonly runId?: string;
  readonly period?: string;
  readonly counts: Counts;
  readonly firstError?: { readonly code: string; readonly message: string };
}

/** How long the operator may take to register the Job. */
const registrationMillis = 60_000;

type Claimed = Extract<Claim, { kind: 'claimed' }>;

/** Claims the period and walks the steps that are not finished. Never throws for what a person or a later try can mend. */
export async function walkRun(deps: RunDeps): Promise<RunReport> {
  const base = { v: 1, configHash: deps.configHash } as const;
  try {
    const claim = await claimPeriod(deps);
    if (claim.kind === 'done') {
      const { runId, period, counts } = claim;
      return { ...base, outcome: 'AlreadyDone', exit: exitCodes.done, runId, period, counts };
    }
    return { ...base, ...(await holdAndWalk(deps, claim)) };
  } catch (error) {
    return { ...base, ...stopped(deps, error), counts: {} };
  }
}

async function claimPeriod(deps: RunDeps): Promise<Claimed | Extract<Claim, { kind: 'done' }>> {
  const { config, clock, signal } = deps;
  const request = {
    campaign: { namespace: config.namespace, name: config.campaign, uid: config.uid },
    jobUid: deps.jobUid,
    claimant: deps.claimant,
    configHash: deps.configHash,
    dryRun: config.dryRun,
  };
  const registeredBy = clock.monotonic() + registrationMillis;
  let heldUntil: number | undefined;
  for (;;) {
    const claim = await deps.store.claim(request, signal);
    if (claim.kind === 'claimed' || claim.kind === 'done') return claim;
    const now = clock.monotonic();
    if (claim.kind === 'unregistered') {
      if (now > registeredBy) throw tryLater('JobNotRegistered', 'the operator did not register this Job within 60 s');
      await clock.sleep(1_000, signal);
      continue;
    }
    heldUntil ??= now + 2 * claim.retryMillis;
    if (now > heldUntil) throw tryLater('RunHeld', 'another attempt works on this period and keeps its lease');
    await clock.sleep(Math.min(claim.retryMillis + 50, 5_000), signal);
  }
}

async function holdAndWalk(deps: RunDeps, claim: Claimed): Promise<Omit<RunReport, 'v' | 'configHash'>> {
  const fenced = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([deps.signal, fenced.signal]);
  setMaxListeners(0, signal);
  const beating = keepLease(deps, claim, fenced, ended.signal);
  const context: StepContext = { ...deps, fence: claim.fence, signal };
  const { runId } = claim.fence;
  const total: Record<string, number> = {};
  try {
    for (const step of deps.config.steps) add(total, await finishedOrWalk(step, claim, context));
    await deps.store.finish(claim.fence, summaryOf(total), signal);
    return { outcome: 'Succeeded', exit: exitCodes.done, runId, period: claim.period, counts: total };
  } catch (error) {
    const end = stopped(deps, signal.aborted ? signal.reason : error);
    await confess(deps, claim, end.firstError);
    return { ...end, runId, period: claim.period, counts: total };
  } finally {
    ended.abort();
    await beating;
  }
}

async function finishedOrWalk(step: StepConfig, claim: Claimed, context: StepContext): Promise<Counts> {
  const finished = claim.done.find((done) => done.name === step.name);
  if (finished) return finished.counts;
  const counts = step.type === 'LeadImport' ? await leadImport(step, context) : await emailSend(step, context);
  await context.store.finishStep(context.fence, step.name, counts, context.signal);
  context.log.info({ step: step.name, counts }, 'finished a step');
  return counts;
}

async function keepLease(deps: RunDeps, claim: Claimed, fenced: AbortController, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    try {
      await deps.clock.sleep(claim.leaseMillis / 3, ended);
      await deps.store.heartbeat(claim.fence, ended);
    } catch (error) {
      if (ended.aborted) return;
      fenced.abort(error);
      return;
    }
  }
}

function add(total: Record<string, number>, counts: Counts): void {
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
}

function summaryOf(counts: Counts): string {
  return (counts.overLimit ?? 0) > 0
    ? `${counts.overLimit} contacts wait for a later period, because maxMessagesPerRun is reached`
    : '';
}

function stopped(
  deps: RunDeps,
  error: unknown,
): Pick<RunReport, 'outcome' | 'exit'> & { readonly firstError: { readonly code: string; readonly message: string } } {
  if (error instanceof RunStopped) {
    return {
      outcome: 'Failed',
      exit: error.exit,
      firstError: { code: error.code, message: error.message.slice(0, 900) },
    };
  }
  if (deps.signal.aborted) {
    return {
      outcome: 'Interrupted',
      exit: exitCodes.retryable,
      firstError: { code: 'Interrupted', message: 'the run was told to stop; the next one goes on where it stood' },
    };
  }
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'Unexpected';
  const message = error instanceof Error ? error.message : String(error);
  return { outcome: 'Failed', exit: exitCodes.retryable, firstError: { code, message: message.slice(0, 900) } };
}

/** Tells the store why the attempt ended; a store that cannot be told finds out when the lease ends. */
async function confess(
  deps: RunDeps,
  claim: Claimed,
  firstError: { readonly code: string; readonly message: string },
): Promise<void> {
  try {
    await deps.store.fail(claim.fence, firstError, AbortSignal.timeout(10_000));
  } catch (error) {
    const why = error instanceof Fenced ? 'another attempt took the run' : 'the store could not be told';
    deps.log.warn({ code: firstError.code }, `the attempt ended, but ${why}`);
  }
}
