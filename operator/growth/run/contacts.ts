import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Schema } from '../../store/index.ts';
import type { ContactRow } from './contract.ts';
import type { HeldRun } from './held-run.ts';
import { emailHash, type GrowthKey } from './secrets.ts';

/** A batch of an import. */
export interface ImportBatch {
  readonly step: string;
  readonly rows: readonly ContactRow[];
  readonly key: GrowthKey;
  readonly now: Date;
}

/** Adds the contacts that are new to the namespace, and the consents that are new; a repeated batch adds nothing. */
export async function importContacts(trx: Transaction<Schema>, run: HeldRun, batch: ImportBatch): Promise<void> {
  if (batch.rows.length === 0) return;
  const { now } = batch;
  const byKey = new Map(batch.rows.map((row) => [row.email.toLowerCase(), row]));
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
  const contacts = await trx
    .selectFrom('growth_contact')
    .select(['id', 'email_key'])
    .where('namespace', '=', run.namespace)
    .where('email_key', 'in', [...byKey.keys()])
    .execute();
  const consents = contacts.flatMap((contact) => {
    const row = byKey.get(contact.email_key);
    if (!row) return [];
    return row.topics.map((topic) => ({
      contact_id: contact.id,
      topic,
      kind: 'granted' as const,
      source: row.source,
      occurred_at: new Date(row.consentTime),
      recorded_at: now,
    }));
  });
  if (consents.length === 0) return;
  await trx
    .insertInto('growth_consent_event')
    .values(consents)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
