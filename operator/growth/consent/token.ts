import { createHmac, timingSafeEqual } from 'node:crypto';
import type { GrowthKey } from '../run/secrets.ts';

/** Whom and what an unsubscribe link is about. */
export interface UnsubscribeSubject {
  readonly contactId: string;
  readonly topic: string;
}

/** A token for an unsubscribe link: key id, contact, topic and an HMAC over them. It holds no address. */
export function signToken(key: GrowthKey, subject: UnsubscribeSubject): string {
  const payload = Buffer.from(JSON.stringify([key.id, subject.contactId, subject.topic])).toString('base64url');
  return `${payload}.${signature(key, payload)}`;
}

/** The subject of a token, or undefined when it was not made with this key. */
export function readToken(key: GrowthKey, token: string): UnsubscribeSubject | undefined {
  if (token.length > 512) return undefined;
  const [payload, mac, ...rest] = token.split('.');
  if (!payload || !mac || rest.length > 0) return undefined;
  const expected = Buffer.from(signature(key, payload));
  const given = Buffer.from(mac);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
  return subjectOf(key, payload);
}

function subjectOf(key: GrowthKey, payload: string): UnsubscribeSubject | undefined {
  const parsed: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
  if (!Array.isArray(parsed)) return undefined;
  const [id, contactId, topic] = parsed;
  if (id !== key.id || typeof contactId !== 'string' || typeof topic !== 'string') return undefined;
  return { contactId, topic };
}

function signature(key: GrowthKey, payload: string): string {
  return createHmac('sha256', key.secret).update(`unsubscribe\n${payload}`).digest('base64url');
}
