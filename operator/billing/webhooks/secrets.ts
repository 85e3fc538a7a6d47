import type { BillingProvider } from '../../api/index.ts';

/** Signing secrets that may be used, or why there are none. */
export type SecretsCheck =
  | { readonly kind: 'ok'; readonly secrets: readonly string[] }
  | { readonly kind: 'bad'; readonly reason: string; readonly message: string };

/** Finds the signing secrets in a Secret's data (base64), one a line. They themselves are never named. */
export function checkSecrets(
  { webhookSecretRef }: Pick<BillingProvider['spec'], 'webhookSecretRef'>,
  data: Readonly<Record<string, string>> | undefined,
): SecretsCheck {
  if (webhookSecretRef === undefined) {
    return bad(
      'NotConfigured',
      'no webhook is taken; name the signing secret of the endpoint in spec.webhookSecretRef',
    );
  }
  const { name, key } = webhookSecretRef;
  if (data === undefined) {
    return bad('SecretMissing', `Secret ${name} is not in the operator's namespace; create it with the key ${key}`);
  }
  const encoded = data[key];
  if (encoded === undefined) return bad('SecretKeyMissing', `Secret ${name} has no key ${key}; add it`);
  const lines = Buffer.from(encoded, 'base64').toString('utf8').split(/\s+/);
  const secrets = lines.filter((line) => line.startsWith('whsec_'));
  if (secrets.length > 0) return { kind: 'ok', secrets };
  const message = `key ${key} of Secret ${name} holds no line that begins with whsec_; copy the signing secret of the endpoint into it`;
  return bad('NoSigningSecret', message);
}

function bad(reason: string, message: string): SecretsCheck {
  return { kind: 'bad', reason, message };
}
