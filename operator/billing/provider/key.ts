import type { BillingProvider, KeyRef } from '../../api/index.ts';

/** A key that may be used, or why not. */
export type KeyCheck =
  | { readonly kind: 'ok'; readonly key: string }
  | { readonly kind: 'bad'; readonly reason: string; readonly message: string };

const prefixes = { Test: ['sk_test_', 'rk_test_'], Live: ['sk_live_', 'rk_live_'] } as const;

/** Of a key that signs webhooks, in bytes: Standard Webhooks asks for 24 to 64. */
const leastSigningBytes = 24;
const mostSigningBytes = 64;

type SecretData = Readonly<Record<string, string>>;

/** Reads the Secret that a provider names, undefined where there is none, and checks its key. */
export async function keyOf(
  spec: BillingProvider['spec'],
  secret: (name: string) => Promise<{ readonly data?: SecretData } | undefined>,
): Promise<KeyCheck> {
  if (spec.secretRef === undefined) {
    const message = `a provider of type ${spec.type} has no key; use another type, or another BillingProvider`;
    return { kind: 'bad', reason: 'SecretMissing', message };
  }
  const found = await secret(spec.secretRef.name);
  return checkKey(spec, spec.secretRef, found && (found.data ?? {}));
}

/**
 * Finds the key in a Secret's data (base64) and checks that it is one of the provider's type and mode. The key itself is
 * never named.
 */
export function checkKey(
  spec: Pick<BillingProvider['spec'], 'type' | 'mode'>,
  { name, key }: KeyRef,
  data: SecretData | undefined,
): KeyCheck {
  if (data === undefined) {
    const message = `Secret ${name} is not in the operator's namespace; create it with the key ${key}`;
    return { kind: 'bad', reason: 'SecretMissing', message };
  }
  const encoded = data[key];
  if (encoded === undefined || encoded === '') {
    return { kind: 'bad', reason: 'SecretKeyMissing', message: `Secret ${name} has no key ${key}; add it` };
  }
  const value = Buffer.from(encoded, 'base64').toString('utf8').trim();
  return spec.type === 'Webhook' ? checkSigning(value, name) : checkApiKey(value, spec, name);
}

function checkApiKey(value: string, spec: Pick<BillingProvider['spec'], 'mode'>, name: string): KeyCheck {
  const allowed = prefixes[spec.mode];
  if (allowed.some((prefix) => value.startsWith(prefix))) return { kind: 'ok', key: value };
  const message = `the API key in Secret ${name} does not begin with ${allowed.join(' or ')}, as mode ${spec.mode} asks; change the key or spec.mode`;
  return { kind: 'bad', reason: 'ModeMismatch', message };
}

function checkSigning(value: string, name: string): KeyCheck {
  const key = signingKey(value);
  if (key.length >= leastSigningBytes && key.length <= mostSigningBytes) return { kind: 'ok', key: value };
  const message = `Secret ${name} holds no key that signs webhooks; write whsec_ and then ${leastSigningBytes} to ${mostSigningBytes} random bytes in base64`;
  return { kind: 'bad', reason: 'SigningKeyInvalid', message };
}

/** The bytes that sign, of a key as Standard Webhooks writes it; none where it is not of that form. */
export function signingKey(value: string): Buffer {
  return Buffer.from(/^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value)?.[1] ?? '', 'base64');
}
