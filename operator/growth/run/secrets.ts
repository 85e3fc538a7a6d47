import { createHmac, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Schema } from '../../store/index.ts';

const keyId = 'k1';

/** The key that signs unsubscribe tokens and hashes suppressed addresses; made in the database at first use. */
export interface GrowthKey {
  readonly id: string;
  readonly secret: Buffer;
}

/** Reads the key, making it when there is none; two first users end with the same key. */
export async function growthKey(db: Kysely<Schema>, now: Date): Promise<GrowthKey> {
  const found = await readKey(db);
  if (found) return found;
  await db
    .insertInto('growth_key')
    .values({ id: keyId, secret: randomBytes(32).toString('base64'), created_at: now })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const made = await readKey(db);
  if (!made) throw new Error('growth_key has no row after inserting one');
  return made;
}

async function readKey(db: Kysely<Schema>): Promise<GrowthKey | undefined> {
  const row = await db.selectFrom('growth_key').select(['id', 'secret']).where('id', '=', keyId).executeTakeFirst();
  return row && { id: row.id, secret: Buffer.from(row.secret, 'base64') };
}

/** The keyed hash under which an address stays suppressed after the person's data are erased. */
export function emailHash(key: GrowthKey, emailKey: string): string {
  return createHmac('sha256', key.secret).update(`suppression\n${emailKey}`).digest('hex');
}
