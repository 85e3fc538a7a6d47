import { describe, expect, it } from 'vitest';
import { CertificateError, WebhookAddressError } from '../runtime/index.ts';
import { explainStart } from './address-error.ts';
import { CliError } from './cli-error.ts';

const address = { host: '127.0.0.1', port: 8080 };
const settings = {
  metricsAddress: address,
  apiAddress: address,
  jobsAddress: address,
  webhookAddress: { host: '127.0.0.1', port: 9443 },
  webhookCertificates: '/certificates',
};
const taken = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'listen' });

describe('a start that fails', () => {
  it.each([
    {
      name: 'by the metrics address',
      error: taken,
      says: /^--metrics-address 127.0.0.1:8080 cannot be used: another process/,
    },
    {
      name: 'by the webhook address',
      error: new WebhookAddressError('webhooks', { cause: taken }),
      says: /^--webhook-address 127.0.0.1:9443 cannot be used: another process/,
    },
    {
      name: 'by the certificate',
      error: new CertificateError('tls.crt cannot be read'),
      says: /^--webhook-certificates \/certificates cannot be used: tls.crt cannot be read/,
    },
  ])('$name names the flag and is wrong use', ({ error, says }) => {
    const explained = explainStart(error, settings);
    expect(explained).toBeInstanceOf(CliError);
    expect(explained).toMatchObject({ exitCode: 2, message: expect.stringMatching(says) });
  });

  it('by anything else stays as it is', () => {
    const other = new Error('other');
    expect(explainStart(other, settings)).toBe(other);
  });
});
