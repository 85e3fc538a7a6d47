import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { program } from './binaries.ts';
import { runCommand } from './commands.ts';
import type { Progress } from './progress.ts';
import { writeWhole } from './state.ts';

/** A certificate to issue: with names or addresses it also serves, without it is for clients only. */
export interface CertificateRequest {
  /** The file name, without `.crt` and `.key`. */
  readonly name: string;
  /** For Kubernetes the user name. */
  readonly commonName: string;
  /** For Kubernetes the groups. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
}

/** Issues certificates into `certs/` of the state folder, making the authority there first if it is missing. */
export async function issueCertificates(
  folder: string,
  certificates: readonly CertificateRequest[],
  progress: Progress,
): Promise<void> {
  const tool = await program('certs', 'certs', progress);
  await runCommand([tool, join(folder, 'certs')], {
    input: JSON.stringify({ authorityName: 'gpuopt-test-cluster', certificates }),
  });
}

/** Makes the RSA key pair with which the cluster signs service account tokens, unless it is there. */
export async function makeServiceAccountKey(folder: string): Promise<void> {
  const path = join(folder, 'certs', 'sa.key');
  if (existsSync(path)) return;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await mkdir(join(folder, 'certs'), { recursive: true });
  await writeFile(join(folder, 'certs', 'sa.pub'), publicKey);
  await writeFile(path, privateKey, { mode: 0o600 });
}

/** Who a kubeconfig is for: a certificate that was issued, or a bearer token. */
export type Credential = { readonly certificate: string } | { readonly token: string };

/**
 * Writes `NAME.kubeconfig` with everything embedded, and returns its path. The server is verified by `authority`
 * (PEM in base64), which is that of the built cluster unless given.
 */
export async function writeKubeconfig(
  folder: string,
  name: string,
  apiServer: string,
  credential: Credential,
  authority?: string,
): Promise<string> {
  const certs = join(folder, 'certs');
  const ca = authority ?? (await readFile(join(certs, 'ca.crt'))).toString('base64');
  const user: Readonly<Record<string, string>> =
    'token' in credential
      ? { token: credential.token }
      : {
          'client-certificate-data': (await readFile(join(certs, `${credential.certificate}.crt`))).toString('base64'),
          'client-key-data': (await readFile(join(certs, `${credential.certificate}.key`))).toString('base64'),
        };
  const path = join(folder, 'kubeconfigs', `${name}.kubeconfig`);
  await writeWhole(path, `${JSON.stringify(kubeconfig(name, apiServer, ca, user), null, 2)}\n`);
  return path;
}

/** A kubeconfig with one cluster, user and context, as an object (JSON is YAML, so kubectl reads it). */
export function kubeconfig(
  name: string,
  apiServer: string,
  authority: string,
  user: Readonly<Record<string, string>>,
): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'gpuopt', cluster: { server: apiServer, 'certificate-authority-data': authority } }],
    users: [{ name, user }],
    contexts: [{ name: 'gpuopt', context: { cluster: 'gpuopt', user: name } }],
    'current-context': 'gpuopt',
  };
}
