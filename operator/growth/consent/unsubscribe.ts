import type { Kysely } from 'kysely';
import type { Clock } from '../../observability/index.ts';
import type { Schema } from '../../store/index.ts';
import type { HttpHandler } from '../http/handler.ts';
import { emailHash, growthKey } from '../run/secrets.ts';
import { confirmPage, donePage, unknownPage } from './page.ts';
import { readToken, type UnsubscribeSubject } from './token.ts';

/** What the unsubscribe endpoint needs. */
export interface UnsubscribeDeps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  /** Path before the token, with slashes at both ends; default `/unsubscribe/`. */
  readonly path?: string;
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * The public unsubscribe endpoint: GET shows a page, POST (RFC 8058 one-click, or the page's button) unsubscribes
 * without cookie, session or redirect. Repeating it changes nothing.
 */
export function unsubscribeHandler(deps: UnsubscribeDeps): HttpHandler {
  const path = deps.path ?? '/unsubscribe/';
  return async (request, response) => {
    const pathname = URL.parse(request.url ?? '/', 'http://localhost')?.pathname;
    if (!pathname?.startsWith(path)) return false;
    const answer = await answerTo(deps, request.method ?? 'GET', pathname.slice(path.length));
    request.resume();
    response.writeHead(answer.status, answer.status === 405 ? { ...headers, allow: 'GET, HEAD, POST' } : headers);
    response.end(request.method === 'HEAD' ? undefined : answer.body);
    return true;
  };
}

async function answerTo(
  deps: UnsubscribeDeps,
  method: string,
  token: string,
): Promise<{ readonly status: number; readonly body: string }> {
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return { status: 405, body: unknownPage() };
  const now = new Date(deps.clock.now());
  const key = await growthKey(deps.db, now);
  const subject = readToken(key, token);
  if (!subject) return { status: 404, body: unknownPage() };
  if (method !== 'POST') return { status: 200, body: confirmPage(subject.topic) };
  await unsubscribe(deps.db, subject, now);
  return { status: 200, body: donePage(subject.topic) };
}

/** Suppresses the contact for the topic and records the withdrawal, at once and once. */
export async function unsubscribe(db: Kysely<Schema>, subject: UnsubscribeSubject, now: Date): Promise<void> {
  const key = await growthKey(db, now);
  await db.transaction().execute(async (trx) => {
    const contact = await trx
      .selectFrom('growth_contact')
      .select(['namespace', 'email_key'])
      .where('id', '=', subject.contactId)
      .executeTakeFirst();
    if (!contact) return;
    const added = await trx
      .insertInto('growth_suppression')
      .values({
        namespace: contact.namespace,
        email_hash: emailHash(key, contact.email_key),
        topic: subject.topic,
        reason: 'unsubscribed',
        created_at: now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('topic')
      .executeTakeFirst();
    if (!added) return;
    await trx
      .insertInto('growth_consent_event')
      .values({
        contact_id: subject.contactId,
        topic: subject.topic,
        kind: 'withdrawn',
        source: 'unsubscribe',
        occurred_at: now,
        recorded_at: now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}
