import { type Kysely, sql } from 'kysely';
import type { Schema } from '../../store/index.ts';
import type { Counts } from './contract.ts';

/** The newest run of a campaign, as the ledger has it. */
export interface RunSummary {
  readonly period: string;
  readonly jobName: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly leaseUntil: Date;
  readonly outcome: 'Succeeded' | null;
  readonly failureCode: string | null;
  readonly message: string | null;
  readonly counts: Counts;
}

/** What a step did: `imported` contacts and mails by state; zeros are left out. */
export async function stepCounts(db: Kysely<Schema>, runId: string, step: string): Promise<Counts> {
  return countsOf(
    db,
    sql`first_run = ${runId}::uuid AND first_step = ${step}`,
    sql`run_id = ${runId}::uuid AND step = ${step}`,
  );
}

async function countsOf(
  db: Kysely<Schema>,
  contacts: ReturnType<typeof sql>,
  messages: ReturnType<typeof sql>,
): Promise<Counts> {
  const { rows } = await sql<{ readonly name: string; readonly count: number }>`
    SELECT 'imported' AS name, count(*)::int AS count FROM growth_contact WHERE ${contacts}
    UNION ALL
    SELECT state, count(*)::int FROM growth_message WHERE ${messages} GROUP BY state`.execute(db);
  return Object.fromEntries(rows.filter((row) => row.count > 0).map((row) => [row.name, row.count]));
}

/** The newest run of a campaign, or undefined when none was ever claimed. */
export async function latestRun(db: Kysely<Schema>, campaignUid: string): Promise<RunSummary | undefined> {
  const run = await db
    .selectFrom('growth_run')
    .selectAll()
    .where('campaign_uid', '=', campaignUid)
    .orderBy('started_at', 'desc')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  if (!run) return undefined;
  const live = await countsOf(db, sql`first_run = ${run.id}::uuid`, sql`run_id = ${run.id}::uuid`);
  const steps = await db.selectFrom('growth_step').select('counts').where('run_id', '=', run.id).execute();
  const sum = (name: string): number => steps.reduce((total, step) => total + (step.counts[name] ?? 0), 0);
  return {
    period: run.period,
    jobName: run.job_name,
    startedAt: run.started_at,
    finishedAt: run.finished_at,
    leaseUntil: run.lease_until,
    outcome: run.outcome,
    failureCode: run.failure_code,
    message: run.message,
    counts: { ...live, refused: sum('refused'), skipped: sum('skipped') + (live.suppressed ?? 0) },
  };
}
