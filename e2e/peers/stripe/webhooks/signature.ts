import { createHmac } from 'node:crypto';

/** The `Stripe-Signature` header: a time and the HMAC-SHA256 of time and payload (https://docs.stripe.com/webhooks#verify-manually). */
export function signature(payload: string, secret: string, seconds: number): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
