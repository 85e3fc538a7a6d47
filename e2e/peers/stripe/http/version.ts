import { conflict } from './refusal.ts';

/** The one version that the peer plays: that of stripe 23.1.0. */
export const apiVersion = '2026-10-28.endive';

/** v1 takes no header for the account's own version; v2 wants one. Any other version is refused. */
export function refuseVersion(header: string | undefined, isV2: boolean): void {
  if (header === apiVersion || (header === undefined && !isV2)) return;
  const problem = header === undefined ? 'Stripe-Version header is required' : `Invalid Stripe API version: ${header}`;
  throw conflict(`${problem}; the peer plays ${apiVersion}.`, { code: 'invalid_api_version', beforeWork: true });
}
