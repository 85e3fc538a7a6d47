import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Schema } from '../../store/index.ts';
import type { ContactRow } from './contract.ts';
import type { HeldRun } from './held-run.ts';
import { emailHash, type GrowthKey } from './secrets.ts';

/** Order of consent events `e` from the newest; of two at one time the withdrawal counts. */
export const newestConsent = sql`e.occurred_at DESC, e.kind DESC`;

/** A batch of an import. */
export interface ImportBatch {
  readonly step: string;
  readonly rows: readonly ContactRow[];
  readonly key: GrowthKey;
  readonly now: Date;
}

/**
 * Adds the contacts that are new to the namespace and the consents that are new, then takes back what is withdrawn from
 * who is there; a repeated batch adds nothing.
 */
export async function importContacts(trx: Transaction<Schema>, run: HeldRun, batch: ImportBatch): Promise<void> {
  await addGranted(trx, run, { ...batch, rows: batch.rows.filter(({ consent }) => consent === 'granted') });
  await addWithdrawn(trx, run, { ...batch, rows: batch.rows.filter(({ consent }) => consent === 'withdrawn') });
}

async function addGranted(trx: Transaction<Schema>, run: HeldRun, batch: ImportBatch): Promise<void> {
  if (batch.rows.length === 0) return;
  const { now } = batch;
  const byKey = rowsByKey(batch.rows);
  await trx
    .insertInto('growth_contact')
    .values(
      [...byKey].map(([emailKey, row]) => ({
        id: randomUUID(),
        namespace: run.namespace,
        email: row.email,
        email_key: emailKey,
        email_hash: emailHash(batch.key, emailKey),
        name: row.name,
        first_run: run.id,
        first_step: batch.step,
        created_at: now,
      })),
    )
    .onConflict((conflict) => conflict.columns(['namespace', 'email_key']).doNothing())
    .execute();
  const contacts = await contactsOf(trx, run, byKey);
  const consents = contacts.flatMap(({ id, row }) =>
    row.topics.map((topic) => ({
      contact_id: id,
      topic,
      kind: 'granted' as const,
      source: row.source,
      occurred_at: new Date(row.consentTime),
      recorded_at: now,
    })),
  );
  if (consents.length === 0) return;
  await trx
    .insertInto('growth_consent_event')
    .values(consents)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** A file repeats its lines for ever, some without a time: who has withdrawn already is not told to again. */
async function addWithdrawn(trx: Transaction<Schema>, run: HeldRun, batch: ImportBatch): Promise<void> {
  if (batch.rows.length === 0) return;
  for (const { id, row } of await contactsOf(trx, run, rowsByKey(batch.rows))) {
    for (const topic of row.topics) {
      await sql`
        INSERT INTO growth_consent_event (contact_id, topic, kind, source, occurred_at, recorded_at)
        SELECT ${id}::uuid, ${topic}::text, 'withdrawn', ${row.source}::text,
          ${new Date(row.consentTime)}::timestamptz, ${batch.now}::timestamptz
        WHERE coalesce(
          (SELECT e.kind FROM growth_consent_event e WHERE e.contact_id = ${id}::uuid AND e.topic = ${topic}::text
           ORDER BY ${newestConsent} LIMIT 1), 'granted') = 'granted'
        ON CONFLICT DO NOTHING`.execute(trx);
    }
  }
}

function rowsByKey(rows: readonly ContactRow[]): ReadonlyMap<string, ContactRow> {
  return new Map(rows.map((row) => [row.email.toLowerCase(), row]));
}

async function contactsOf(
  trx: Transaction<Schema>,
  run: HeldRun,
  byKey: ReadonlyMap<string, ContactRow>,
): Promise<readonly { readonly id: string; readonly row: ContactRow }[]> {
  const contacts = await trx
    .selectFrom('growth_contact')
    .select(['id', 'email_key'])
    .where('namespace', '=', run.namespace)
    .where('email_key', 'in', [...byKey.keys()])
    .execute();
  return contacts.flatMap(({ id, email_key }) => {
    const row = byKey.get(email_key);
    return row === undefined ? [] : [{ id, row }];
  });
}
