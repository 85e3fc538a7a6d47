import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../../observability/index.ts';
import type { Schema } from '../../store/index.ts';
import { importContacts } from './contacts.ts';
import { type Claim, type ClaimRequest, type Counts, type Fence, Fenced, type RunStore } from './contract.ts';
import type { HeldRun } from './held-run.ts';
import { claimMessage, planMessages, recordDelivery } from './outbox.ts';
import { growthKey } from './secrets.ts';
import { stepCounts } from './summary.ts';

/** What the store of runs needs. */
export interface DirectDeps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  /** How long a silent attempt keeps its run; default 60,000 ms. */
  readonly leaseMillis?: number;
}

/** The run store over the database; used by the operator, which is the only process that may open PGlite's. */
export function directRunStore(deps: DirectDeps): RunStore {
  const { db, clock } = deps;
  const leaseMillis = deps.leaseMillis ?? 60_000;
  const now = (): Date => new Date(clock.now());
  const held = <T>(fence: Fence, work: (trx: Transaction<Schema>, run: HeldRun) => Promise<T>): Promise<T> =>
    db.transaction().execute(async (trx) => work(trx, await holdRun(trx, fence)));
  return {
    claim: (request) => db.transaction().execute((trx) => claim(trx, request, now(), leaseMillis)),
    heartbeat: (fence) =>
      held(fence, async (trx, run) => {
        const until = new Date(clock.now() + leaseMillis);
        await trx.updateTable('growth_run').set({ lease_until: until }).where('id', '=', run.id).execute();
      }),
    importContacts: async (fence, step, rows) => {
      const key = await growthKey(db, now());
      await held(fence, (trx, run) => importContacts(trx, run, { step, rows, key, now: now() }));
    },
    planMessages: (fence, request) => held(fence, (trx, run) => planMessages(trx, run, request, now())),
    claimMessage: async (fence, step, nonce) => {
      const key = await growthKey(db, now());
      return held(fence, (trx, run) => claimMessage(trx, run, { step, nonce, key, now: now() }));
    },
    recordDelivery: (fence, delivery) => held(fence, (trx, run) => recordDelivery(trx, run, delivery, now())),
    countStep: (fence, step) => held(fence, (trx, run) => stepCounts(trx, run.id, step)),
    finishStep: (fence, step, counts) => held(fence, (trx, run) => finishStep(trx, run, step, counts, now())),
    finish: (fence, message) =>
      held(fence, async (trx, run) => {
        const at = now();
        await trx
          .updateTable('growth_run')
          .set({ outcome: 'Succeeded', failure_code: null, message, finished_at: at, lease_until: at })
          .where('id', '=', run.id)
          .execute();
      }),
    fail: (fence, failure) =>
      held(fence, async (trx, run) => {
        const at = now();
        await trx
          .updateTable('growth_run')
          .set({ failure_code: failure.code, message: failure.message, finished_at: at, lease_until: at })
          .where('id', '=', run.id)
          .where('outcome', 'is', null)
          .execute();
      }),
  };
}

/** Locks the run for the transaction; throws Fenced when another attempt holds it. */
async function holdRun(trx: Transaction<Schema>, fence: Fence): Promise<HeldRun> {
  const run = await trx
    .selectFrom('growth_run')
    .select(['id', 'attempt', 'namespace', 'campaign_uid', 'period'])
    .where('id', '=', fence.runId)
    .where('attempt', '=', fence.attempt)
    .forUpdate()
    .executeTakeFirst();
  if (!run) throw new Fenced(fence);
  return run;
}

async function claim(trx: Transaction<Schema>, request: ClaimRequest, now: Date, leaseMillis: number): Promise<Claim> {
  const { campaign } = request;
  const job = await trx
    .selectFrom('growth_job')
    .select(['job_name', 'period'])
    .where('job_uid', '=', request.jobUid)
    .where('campaign_uid', '=', campaign.uid)
    .where('namespace', '=', campaign.namespace)
    .executeTakeFirst();
  if (!job) return { kind: 'unregistered' };
  const period = request.dryRun ? `dryrun/${job.period}` : job.period;
  const mine = {
    claimant: request.claimant,
    lease_until: new Date(now.getTime() + leaseMillis),
    job_name: job.job_name,
    config_hash: request.configHash,
  };
  await trx
    .insertInto('growth_run')
    .values({
      ...mine,
      id: randomUUID(),
      namespace: campaign.namespace,
      campaign: campaign.name,
      campaign_uid: campaign.uid,
      period,
      attempt: 1,
      outcome: null,
      failure_code: null,
      message: null,
      started_at: now,
      finished_at: null,
    })
    .onConflict((conflict) => conflict.columns(['campaign_uid', 'period']).doNothing())
    .execute();
  const run = await trx
    .selectFrom('growth_run')
    .select(['id', 'attempt', 'claimant', 'lease_until', 'outcome'])
    .where('campaign_uid', '=', campaign.uid)
    .where('period', '=', period)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (run.outcome !== null) return { kind: 'done', runId: run.id, period, counts: await runCounts(trx, run.id) };
  const own = run.claimant === request.claimant;
  const left = run.lease_until.getTime() - now.getTime();
  if (!own && left > 0) return { kind: 'held', retryMillis: left };
  const attempt = own ? run.attempt : run.attempt + 1;
  await trx
    .updateTable('growth_run')
    .set({ ...mine, attempt, failure_code: null, message: null, finished_at: null })
    .where('id', '=', run.id)
    .execute();
  if (!own) await giveUpSending(trx, run.id, now);
  const done = await finishedSteps(trx, run.id);
  return { kind: 'claimed', fence: { runId: run.id, attempt }, period, done, leaseMillis };
}

/** What an earlier attempt was sending may have arrived: it is never sent again. */
async function giveUpSending(trx: Transaction<Schema>, runId: string, now: Date): Promise<void> {
  await trx
    .updateTable('growth_message')
    .set({ state: 'unknown', updated_at: now })
    .where('run_id', '=', runId)
    .where('state', '=', 'sending')
    .execute();
}

function finishedSteps(
  trx: Transaction<Schema>,
  runId: string,
): Promise<readonly { readonly name: string; readonly counts: Counts }[]> {
  return trx.selectFrom('growth_step').select(['name', 'counts']).where('run_id', '=', runId).orderBy('name').execute();
}

async function runCounts(trx: Transaction<Schema>, runId: string): Promise<Counts> {
  const total: Record<string, number> = {};
  for (const step of await finishedSteps(trx, runId)) {
    for (const [name, count] of Object.entries(step.counts)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}

async function finishStep(
  trx: Transaction<Schema>,
  run: HeldRun,
  step: string,
  counts: Counts,
  now: Date,
): Promise<void> {
  await trx
    .insertInto('growth_step')
    .values({ run_id: run.id, name: step, counts: JSON.stringify(counts), finished_at: now })
    .onConflict((conflict) => conflict.columns(['run_id', 'name']).doNothing())
    .execute();
}
