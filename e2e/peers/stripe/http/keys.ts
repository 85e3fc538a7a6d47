import { Refusal } from './refusal.ts';

/** How the account's key is treated: good, unknown (401) or without permission (403). */
export type KeyState = 'good' | 'revoked' | 'restricted';

/** The key of a request: HTTP bearer, or basic with the key as the user. */
export function tokenOf(authorization: string | undefined): string {
  const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  const basic = /^Basic (.+)$/.exec(authorization ?? '')?.[1];
  const token =
    bearer ?? (basic === undefined ? undefined : Buffer.from(basic, 'base64').toString('utf8').split(':')[0]);
  if (token !== undefined && token !== '') return token;
  throw new Refusal(401, 'You did not provide an API key.', { beforeWork: true });
}

/** Refuses what is not the account's key. The key itself is never said. */
export function refuseKey(token: string, key: string, state: KeyState): void {
  if (token !== key || state === 'revoked') {
    throw new Refusal(401, `Invalid API Key provided: ${token.slice(0, 8)}****`, { beforeWork: true });
  }
  if (state === 'good') return;
  const message = 'The provided key does not have the required permissions for this endpoint.';
  throw new Refusal(403, message, { code: 'more_permissions_required', beforeWork: true });
}
