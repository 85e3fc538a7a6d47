import type { Clock, Logger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import type { SinkEntry, Sinks } from '../sinks/registry.ts';
import type { Delivery } from '../sinks/sink.ts';
import { guardMillis, judge, nextStep, settle } from './decide.ts';
import {
  type Claimed,
  claim,
  factsOf,
  finish,
  hourOf,
  type OutboxRow,
  postpone,
  readDue,
  recover,
  remember,
  resolve,
  restOfHour,
} from './repository.ts';

/** What the sender works with. */
export interface SenderDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sinks: Sinks;
}

/** Rows in flight at once: a crash leaves at most these to be resolved. */
const batchRows = 16;
const settleMillis = 120_000;
const readRetryMillis = 60_000;

/** Sends what is due to every provider that takes it; returns the number of attempts. */
export async function sendDue(deps: SenderDeps, signal: AbortSignal): Promise<number> {
  const broken = await recover(deps.store);
  if (broken > 0) deps.log.warn({ rows: broken }, 'usage rows were broken off while being sent');
  let attempts = 0;
  for (const [provider, entry] of deps.sinks.open()) {
    if (signal.aborted) return attempts;
    const due = await readDue(deps.store, provider, entry.eventNames, deps.clock.now(), batchRows);
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
  const now = deps.clock.now();
  const fresh: bigint[] = [];
  for (const row of due) {
    const step = nextStep(factsOf(row), entry.sink.capabilities, now);
    if (step.kind === 'send') fresh.push(row.id);
    if (step.kind === 'hold') await resolve(deps.store, row.id, 'HOLD', step.reason);
    if (step.kind === 'wait')
      await postpone(deps.store, row.id, step.until, row.last_error ?? 'waits for a second reading');
    if (step.kind === 'read') await readBack(deps, provider, entry, row, signal);
  }
  const claimed = await claim(deps.store, fresh, now, 'keep');
  // All must have ended before the next batch: what is in flight then is taken for broken off.
  const ended = await Promise.allSettled(claimed.map((one) => deliver(deps, provider, entry, one, signal)));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return claimed.length;
}

async function deliver(
  { store, clock, log, sinks }: SenderDeps,
  provider: string,
  entry: SinkEntry,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<void> {
  await entry.pace(signal);
  const delivery = await attempt(entry, claimed, clock.now(), signal);
  if (delivery.kind === 'refused') sinks.pause(provider, delivery.message);
  const settled = settle(delivery, claimed.attempts, clock.now());
  await finish(store, claimed.id, settled);
  if (delivery.kind === 'accepted') return;
  const { identifier, eventName } = claimed.usage;
  log.warn(
    { provider, identifier, eventName, delivery: delivery.kind, state: settled.state },
    settled.error ?? 'delivered before',
  );
}

/** One call, unless the process slept so long since the claim that the provider may have forgotten the identifier. */
async function attempt({ sink }: SinkEntry, claimed: Claimed, now: number, signal: AbortSignal): Promise<Delivery> {
  if (now - claimed.guardFrom < guardMillis(sink.capabilities)) return await sink.deliver(claimed.usage, signal);
  return { kind: 'unknown', reason: 'not sent: too long ago since it was claimed' };
}

/** Past the guard a row is never sent blindly: the provider's sum of its hour, read twice, says whether it arrived. */
async function readBack(
  deps: SenderDeps,
  provider: string,
  entry: SinkEntry,
  row: OutboxRow,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock } = deps;
  await entry.pace(signal);
  let recorded: bigint;
  try {
    recorded = await entry.sink.recorded(row.event_name, row.customer, hourOf(row));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await postpone(store, row.id, clock.now() + readRetryMillis, `could not read back: ${reason}`);
    return;
  }
  const { quantity, read } = factsOf(row);
  const { recorded: others, disputed } = await restOfHour(store, row);
  const verdict = judge(quantity, others, read?.value, recorded);
  if (disputed && verdict !== 'again') {
    const reason = 'another row of the same hour is held, so the sum of the hour says nothing about this one';
    return await resolve(store, row.id, 'HOLD', reason);
  }
  switch (verdict) {
    case 'again':
      return await remember(store, row.id, recorded, clock.now(), clock.now() + settleMillis);
    case 'recorded':
      return await resolve(store, row.id, 'CONFIRMED', 'read back: the provider has recorded it');
    case 'unclear': {
      const reason = `the provider has recorded ${recorded} in the hour; ${others} without this row and ${others + quantity} with it were expected`;
      return await resolve(store, row.id, 'HOLD', reason);
    }
    case 'absent': {
      const claimed = await claim(store, [row.id], clock.now(), 'fresh');
      for (const one of claimed) await deliver(deps, provider, entry, one, signal);
    }
  }
}
