/** Whether a real sandbox may be asked. */
export type SandboxKey =
  | { readonly kind: 'ok'; readonly key: string }
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

const prefixes = ['sk_test_', 'rk_test_'];

/** Reads STRIPE_TEST_KEY. Only a sandbox's key is taken: anything else could charge somebody. The key is never said. */
export function sandboxKey(environment: Readonly<Record<string, string | undefined>>): SandboxKey {
  const key = environment.STRIPE_TEST_KEY?.trim() ?? '';
  if (key === '') return { kind: 'none', reason: 'unproved: STRIPE_TEST_KEY is not set, so no real sandbox was asked' };
  if (prefixes.some((prefix) => key.startsWith(prefix))) return { kind: 'ok', key };
  const reason = `STRIPE_TEST_KEY must begin with ${prefixes.join(' or ')}: only a sandbox is asked, never a live account`;
  return { kind: 'refused', reason };
}
