import { sql, type Transaction } from 'kysely';
import type { GrowthMessageState, Schema } from '../../store/index.ts';
import { signToken } from '../consent/token.ts';
import { newestConsent } from './contacts.ts';
import type { ClaimedMessage, Delivery, Next, Planned, PlanRequest } from './contract.ts';
import type { HeldRun } from './held-run.ts';
import type { GrowthKey } from './secrets.ts';

/** How long a deferred mail waits after its first, second, third … try, in milliseconds; after the last it expires. */
const backoffMillis = [5_000, 30_000, 120_000, 600_000] as const;

/** True for contact `c` when neither suppression nor consent forbids a mail on the topic. */
function mayWrite(topic: ReturnType<typeof sql>, needsConsent: ReturnType<typeof sql>) {
  return sql<boolean>`(
    NOT EXISTS (
      SELECT 1 FROM growth_suppression s
      WHERE s.namespace = c.namespace AND s.email_hash = c.email_hash AND s.topic IN ('*', ${topic})
    )
    AND coalesce(
      (SELECT e.kind FROM growth_consent_event e WHERE e.contact_id = c.id AND e.topic = ${topic}
       ORDER BY ${newestConsent} LIMIT 1),
      CASE WHEN ${needsConsent} THEN 'withdrawn' ELSE 'granted' END
    ) = 'granted'
  )`;
}

/** Fills the outbox for a step, once for each contact; least recently written contacts first when the run has not room for all. */
export async function planMessages(
  trx: Transaction<Schema>,
  run: HeldRun,
  request: PlanRequest,
  now: Date,
): Promise<Planned> {
  const needsConsent = request.lawfulBasis === 'Consent';
  const eligible = mayWrite(sql`${request.topic}::text`, sql`${needsConsent}::boolean`);
  const used = await countOf(
    trx,
    sql`growth_message m WHERE m.campaign_uid = ${run.campaign_uid} AND m.period = ${run.period}`,
  );
  const room = Math.max(0, request.maxMessages - used);
  if (!request.dryRun) {
    await sql`
      INSERT INTO growth_message
        (id, run_id, campaign_uid, period, step, contact_id, topic, needs_consent, state, due_at, updated_at)
      SELECT gen_random_uuid(), ${run.id}::uuid, ${run.campaign_uid}::text, ${run.period}::text, ${request.step}::text,
        t.id, ${request.topic}::text, ${needsConsent}::boolean, 'planned', ${now}::timestamptz, ${now}::timestamptz
      FROM (
        SELECT c.id FROM growth_contact c
        WHERE c.namespace = ${run.namespace} AND ${eligible}
          AND NOT EXISTS (SELECT 1 FROM growth_message m WHERE m.campaign_uid = ${run.campaign_uid}
            AND m.period = ${run.period} AND m.step = ${request.step} AND m.contact_id = c.id)
        ORDER BY (SELECT max(m.updated_at) FROM growth_message m
          WHERE m.contact_id = c.id AND m.campaign_uid = ${run.campaign_uid}) NULLS FIRST, c.created_at, c.id
        LIMIT ${room}::int
      ) t
      ON CONFLICT DO NOTHING`.execute(trx);
  }
  const inNamespace = sql`growth_contact c WHERE c.namespace = ${run.namespace}`;
  const total = await countOf(trx, inNamespace);
  const willing = await countOf(trx, sql`${inNamespace} AND ${eligible}`);
  const planned = request.dryRun
    ? Math.min(room, willing)
    : await countOf(trx, sql`growth_message m WHERE m.run_id = ${run.id}::uuid AND m.step = ${request.step}`);
  return { planned, skipped: total - willing, overLimit: Math.max(0, willing - planned) };
}

async function countOf(trx: Transaction<Schema>, from: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await sql<{ readonly count: number }>`SELECT count(*)::int AS count FROM ${from}`.execute(trx);
  return rows[0]?.count ?? 0;
}

/** The arguments of a claim of a mail. */
export interface MessageClaim {
  readonly step: string;
  readonly nonce: string;
  readonly key: GrowthKey;
  readonly now: Date;
}

interface OpenMessage {
  readonly id: string;
  readonly contact_id: string;
  readonly topic: string;
  readonly email: string;
  readonly name: string;
  readonly may_write: boolean;
}

/** Gives the next due mail to this attempt; who unsubscribed since the planning is left out here. */
export async function claimMessage(trx: Transaction<Schema>, run: HeldRun, claim: MessageClaim): Promise<Next> {
  const again = await openMessage(trx, run, claim, sql`m.state = 'sending' AND m.claim_nonce = ${claim.nonce}`);
  if (again) return handOver(again, claim.key);
  for (;;) {
    const due = await openMessage(
      trx,
      run,
      claim,
      sql`m.state IN ('planned', 'deferred') AND m.due_at <= ${claim.now}::timestamptz`,
    );
    if (!due) return nextDue(trx, run, claim);
    if (due.may_write) {
      await trx
        .updateTable('growth_message')
        .set((eb) => ({
          state: 'sending' as const,
          tries: eb('tries', '+', 1),
          attempt: run.attempt,
          claim_nonce: claim.nonce,
          updated_at: claim.now,
        }))
        .where('id', '=', due.id)
        .execute();
      return handOver(due, claim.key);
    }
    await setState(trx, due.id, 'suppressed', claim.now);
  }
}

async function openMessage(
  trx: Transaction<Schema>,
  run: HeldRun,
  claim: MessageClaim,
  which: ReturnType<typeof sql>,
): Promise<OpenMessage | undefined> {
  const { rows } = await sql<OpenMessage>`
    SELECT m.id, m.contact_id, m.topic, c.email, c.name,
      ${mayWrite(sql`m.topic`, sql`m.needs_consent`)} AS may_write
    FROM growth_message m JOIN growth_contact c ON c.id = m.contact_id
    WHERE m.run_id = ${run.id}::uuid AND m.step = ${claim.step} AND ${which}
    ORDER BY m.due_at, m.id LIMIT 1 FOR UPDATE OF m`.execute(trx);
  return rows[0];
}

function handOver(message: OpenMessage, key: GrowthKey): ClaimedMessage {
  const unsubscribeToken = signToken(key, { contactId: message.contact_id, topic: message.topic });
  return { kind: 'message', id: message.id, email: message.email, name: message.name, unsubscribeToken };
}

async function nextDue(trx: Transaction<Schema>, run: HeldRun, claim: MessageClaim): Promise<Next> {
  const next = await trx
    .selectFrom('growth_message')
    .select('due_at')
    .where('run_id', '=', run.id)
    .where('step', '=', claim.step)
    .where('state', 'in', ['planned', 'deferred'])
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  if (!next) return { kind: 'empty' };
  return { kind: 'wait', millis: Math.max(1, next.due_at.getTime() - claim.now.getTime()) };
}

async function setState(trx: Transaction<Schema>, id: string, state: GrowthMessageState, now: Date): Promise<void> {
  await trx.updateTable('growth_message').set({ state, updated_at: now }).where('id', '=', id).execute();
}

/** Writes down what happened to a mail that this attempt holds; a repeated call changes nothing. */
export async function recordDelivery(
  trx: Transaction<Schema>,
  run: HeldRun,
  delivery: Delivery,
  now: Date,
): Promise<void> {
  const message = await trx
    .selectFrom('growth_message as m')
    .innerJoin('growth_contact as c', 'c.id', 'm.contact_id')
    .select(['m.tries', 'c.email_hash'])
    .where('m.id', '=', delivery.messageId)
    .where('m.run_id', '=', run.id)
    .where('m.attempt', '=', run.attempt)
    .where('m.state', '=', 'sending')
    .executeTakeFirst();
  if (!message) return;
  const wait = delivery.state === 'deferred' ? backoffMillis[message.tries - 1] : 0;
  await trx
    .updateTable('growth_message')
    .set({
      state: wait === undefined ? 'expired' : delivery.state,
      reply: delivery.reply,
      due_at: new Date(now.getTime() + (wait ?? 0)),
      updated_at: now,
    })
    .where('id', '=', delivery.messageId)
    .execute();
  if (!delivery.hardBounce) return;
  await trx
    .insertInto('growth_suppression')
    .values({
      namespace: run.namespace,
      email_hash: message.email_hash,
      topic: '*',
      reason: 'hard-bounce',
      created_at: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
