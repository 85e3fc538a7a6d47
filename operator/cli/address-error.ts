import { CertificateError, WebhookAddressError } from '../runtime/index.ts';
import { CliError } from './cli-error.ts';
import type { Settings } from './settings.ts';

/** The settings that are addresses to listen at. */
export type AddressName = 'metricsAddress' | 'apiAddress' | 'jobsAddress' | 'portalAddress' | 'webhookAddress';

const flags: Readonly<Record<AddressName, string>> = {
  metricsAddress: '--metrics-address',
  apiAddress: '--api-address',
  jobsAddress: '--jobs-address',
  portalAddress: '--portal-address',
  webhookAddress: '--webhook-address',
};

const problems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; stop it, or choose another port (0 takes any free one)',
  EADDRNOTAVAIL: 'this machine has no such address; name one of its own, or 0.0.0.0 for all',
  EACCES: 'this user may not listen there; choose a port from 1024 upwards',
  ENOTFOUND: 'the host is not known; write an address such as 127.0.0.1 or 0.0.0.0',
};

/** Turns a failure to listen into a sentence that names flag, value and remedy; other errors stay as they are. */
export function explainAddress(error: unknown, name: AddressName, settings: Pick<Settings, AddressName>): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const problem = problems[code];
  const listening =
    error instanceof Error && 'syscall' in error && ['listen', 'getaddrinfo'].includes(String(error.syscall));
  const address = settings[name];
  if (problem === undefined || !listening || address === undefined) return error;
  const { host, port } = address;
  return new CliError('Usage', `${flags[name]} ${host}:${port} cannot be used: ${problem}`, { cause: error });
}

/** Turns a failure of the process to start into a sentence that names the flag, where it is one of a flag. */
export function explainStart(error: unknown, settings: Pick<Settings, AddressName | 'webhookCertificates'>): unknown {
  if (error instanceof WebhookAddressError) return explainAddress(error.cause, 'webhookAddress', settings);
  if (!(error instanceof CertificateError)) return explainAddress(error, 'metricsAddress', settings);
  const flag = `--webhook-certificates ${settings.webhookCertificates}`;
  return new CliError('Usage', `${flag} cannot be used: ${error.message}`, { cause: error });
}
