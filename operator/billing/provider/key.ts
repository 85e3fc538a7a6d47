import type { BillingProvider } from '../../api/index.ts';

/** A key that may be used, or why not. */
export type KeyCheck =
  | { readonly kind: 'ok'; readonly key: string }
  | { readonly kind: 'bad'; readonly reason: string; readonly message: string };

const prefixes = { Test: ['sk_test_', 'rk_test_'], Live: ['sk_live_', 'rk_live_'] } as const;

/** Finds the key in a Secret's data (base64) and checks that it is of the provider's mode. The key itself is never named. */
export function checkKey(spec: BillingProvider['spec'], data: Readonly<Record<string, string>> | undefined): KeyCheck {
  const { name, key } = spec.secretRef;
  if (data === undefined) {
    const message = `Secret ${name} is not in the operator's namespace; create it with the key ${key}`;
    return { kind: 'bad', reason: 'SecretMissing', message };
  }
  const encoded = data[key];
  if (encoded === undefined || encoded === '') {
    return { kind: 'bad', reason: 'SecretKeyMissing', message: `Secret ${name} has no key ${key}; add it` };
  }
  const value = Buffer.from(encoded, 'base64').toString('utf8').trim();
  const allowed = prefixes[spec.mode];
  if (allowed.some((prefix) => value.startsWith(prefix))) return { kind: 'ok', key: value };
  const message = `the API key in Secret ${name} does not begin with ${allowed.join(' or ')}, as mode ${spec.mode} asks; change the key or spec.mode`;
  return { kind: 'bad', reason: 'ModeMismatch', message };
}
