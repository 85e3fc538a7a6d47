import type { Delivery } from '../sink.ts';
import { errors } from './sdk.ts';

/** Stripe's v1 leaves the code out and says it in words. */
const duplicateWords = /already exists with identifier/i;
const mostDelayMillis = 300_000;

/** What an error of a meter event's creation means: whether it counts, never will, or is not known. */
export function classify(error: unknown): Delivery {
  if (error instanceof errors.StripeAuthenticationError)
    return { kind: 'refused', reason: 'auth', message: error.message };
  if (error instanceof errors.StripePermissionError) {
    return { kind: 'refused', reason: 'permission', message: error.message };
  }
  if (error instanceof errors.StripeInvalidRequestError) return invalid(error);
  if (!(error instanceof errors.StripeError)) throw error;
  return { kind: 'unknown', reason: `${error.type}: ${error.message}`, retryAfterMillis: retryAfter(error) };
}

function invalid(error: InstanceType<typeof errors.StripeInvalidRequestError>): Delivery {
  const { code, message, statusCode } = error;
  if (code === 'duplicate_meter_event' || duplicateWords.test(message)) return { kind: 'duplicate' };
  const isBusy = code === 'rate_limit' || code === 'lock_timeout' || statusCode === 409 || statusCode === 429;
  if (isBusy) return { kind: 'unknown', reason: `${code ?? 'busy'}: ${message}`, retryAfterMillis: retryAfter(error) };
  return { kind: 'rejected', code: code ?? String(statusCode ?? 'invalid_request'), message };
}

function retryAfter(error: InstanceType<typeof errors.StripeError>): number | undefined {
  const seconds = Number(error.headers?.['retry-after']);
  return seconds > 0 ? Math.min(seconds * 1000, mostDelayMillis) : undefined;
}
