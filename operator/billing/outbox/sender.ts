import type { Clock, Logger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import type { SinkEntry, Sinks } from '../sinks/registry.ts';
import type { Delivery } from '../sinks/sink.ts';
import { Answers } from './answers.ts';
import { guardMillis, nextStep, settle } from './decide.ts';
import { judgeLate, lateReason, setLate, setLateAside } from './late.ts';
import type { SentMark } from './mark.ts';
import { readBack } from './read-back.ts';
import { type Claimed, claim, factsOf, type OutboxRow, postpone, readDue, recover, resolve } from './repository.ts';
import { doubtIfBehind } from './restored.ts';

/** What the sender works with. */
export interface SenderDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sinks: Sinks;
  readonly mark: SentMark;
}

/** Rows that are claimed at once, a second's worth of calls between these: a crash leaves at most so many to be resolved. */
const leastBatchRows = 16;
const mostBatchRows = 512;
const askAgainMillis = 60_000;

/** Sends what is due to every provider that takes it; returns the number of attempts. */
export async function sendDue(deps: SenderDeps, signal: AbortSignal): Promise<number> {
  const { store, clock, log, sinks, mark } = deps;
  const doubted = await doubtIfBehind(store, await mark.read(signal), clock.now());
  if (doubted !== undefined) {
    log.warn(
      { rows: doubted },
      'the database was put back to an earlier state: unsent usage is read back before it is sent',
    );
  }
  const broken = await recover(store);
  if (broken > 0) log.warn({ rows: broken }, 'usage rows were broken off while being sent');
  let attempts = 0;
  for (const [provider, entry] of sinks.open()) {
    if (signal.aborted) return attempts;
    const most = Math.min(mostBatchRows, Math.max(leastBatchRows, Math.floor(entry.requestsPerSecond)));
    const due = await readDue(store, provider, entry.eventNames, clock.now(), most);
    attempts += await sendBatch(deps, provider, entry, due, signal);
  }
  return attempts;
}

async function sendBatch(
  deps: SenderDeps,
  provider: string,
  entry: SinkEntry,
  due: readonly OutboxRow[],
  signal: AbortSignal,
): Promise<number> {
  const { store, clock, log } = deps;
  const now = clock.now();
  const first: bigint[] = [];
  const anew: bigint[] = [];
  const lateness = await judgeLate(clock, entry, due, signal);
  for (const row of due) {
    const late = lateness.get(row.id);
    if (late?.kind === 'unknown') {
      await postpone(store, row.id, now + askAgainMillis, late.reason);
      continue;
    }
    const facts = factsOf(row, late?.period.closedAt);
    const step = nextStep(facts, entry.sink.capabilities, now);
    if (step.kind === 'send') (step.anew === true ? anew : first).push(row.id);
    if (step.kind === 'hold') await resolve(store, row.id, 'HOLD', step.reason);
    if (step.kind === 'wait') await postpone(store, row.id, step.until, row.last_error ?? 'waits for a second reading');
    if (step.kind === 'late' && late !== undefined) {
      await setLate(store, row.id, row.guard_from !== null);
      // Others wait behind it, often days of them.
      const rows = 1 + (await setLateAside(store, provider, row.customer, late.period));
      log.info({ provider, customer: row.customer, rows }, lateReason);
    }
    if (step.kind !== 'read') continue;
    const verdict = await readBack(deps, entry, row, signal);
    if (verdict === 'recorded') {
      if (facts.unbilled === true) await setLate(store, row.id, true);
      else await resolve(store, row.id, 'CONFIRMED', 'read back: the provider has recorded it');
    }
    if (verdict === 'absent') {
      const next = nextStep({ ...facts, guardFrom: undefined }, entry.sink.capabilities, now);
      if (next.kind === 'late') await setLate(store, row.id, false);
      else if (next.kind === 'hold') await resolve(store, row.id, 'HOLD', next.reason);
      else anew.push(row.id);
    }
  }
  return (
    (await deliverAll(deps, provider, entry, anew, 'fresh', signal)) +
    (await deliverAll(deps, provider, entry, first, 'keep', signal))
  );
}

/**
 * One batch: claimed, its number kept outside the database, then each row called once, together with others where the sink
 * takes several; all have ended when this does.
 */
async function deliverAll(
  deps: SenderDeps,
  provider: string,
  entry: SinkEntry,
  ids: readonly bigint[],
  guard: 'keep' | 'fresh',
  signal: AbortSignal,
): Promise<number> {
  if (ids.length === 0) return 0;
  const { number, rows } = await claim(deps.store, ids, deps.clock.now(), guard);
  await deps.mark.raise(number, signal);
  const answers = new Answers(deps.store);
  // All must have ended before the next batch: what is in flight then is taken for broken off.
  const calls = callsOf(rows, entry.sink.batch?.mostRows ?? 1);
  const ended = await Promise.allSettled(calls.map((some) => deliver(deps, provider, entry, some, answers, signal)));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return rows.length;
}

function callsOf(rows: readonly Claimed[], most: number): readonly (readonly Claimed[])[] {
  return Array.from({ length: Math.ceil(rows.length / most) }, (_, at) => rows.slice(at * most, (at + 1) * most));
}

/** One call, and its answer stored for each row of it. */
async function deliver(
  deps: SenderDeps,
  provider: string,
  entry: SinkEntry,
  claimed: readonly Claimed[],
  answers: Answers,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, sinks } = deps;
  await entry.pace(signal);
  const delivery = await attempt(entry, claimed, clock.now(), signal);
  const isAboutOne = delivery.kind === 'rejected' || delivery.kind === 'duplicate';
  if (isAboutOne && claimed.length > 1) {
    // Nothing was taken, for the sake of one row: which one is found by halves, and the others go.
    for (const half of callsOf(claimed, Math.ceil(claimed.length / 2))) {
      await deliver(deps, provider, entry, half, answers, signal);
    }
    return;
  }
  if (delivery.kind === 'refused') sinks.pause(provider, delivery.message);
  const settled = claimed.map(({ id, attempts }) => ({ id, settled: settle(delivery, attempts, clock.now()) }));
  await Promise.all(settled.map((answer) => answers.put(answer)));
  if (delivery.kind === 'accepted') return;
  for (const [at, { usage }] of claimed.entries()) {
    const { state, error = 'delivered before' } = settled[at]?.settled ?? {};
    const { identifier, eventName } = usage;
    log.warn({ provider, identifier, eventName, delivery: delivery.kind, state }, error);
  }
}

/** One call, unless the process slept so long since the claim that the provider may have forgotten an identifier. */
async function attempt(
  { sink }: SinkEntry,
  claimed: readonly Claimed[],
  now: number,
  signal: AbortSignal,
): Promise<Delivery> {
  const isSure = claimed.every(({ guardFrom }) => now - guardFrom < guardMillis(sink.capabilities));
  if (!isSure) return { kind: 'unknown', reason: 'not sent: too long ago since it was claimed' };
  const usage = claimed.map((one) => one.usage);
  if (sink.batch !== undefined) return await sink.batch.deliver(usage, signal);
  const [only] = usage;
  if (only === undefined) throw new TypeError('a call without a row');
  return await sink.deliver(only, signal);
}
