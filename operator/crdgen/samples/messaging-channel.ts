import { changed, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'MessagingChannel',
  metadata: { name: 'sample-mail', namespace: 'default' },
  spec: {
    type: 'SMTP',
    smtp: { host: 'smtp.example.com', port: 587, tls: 'Required', credentialsSecretName: 'smtp' },
    from: 'Example Cloud <news@example.com>',
    postalAddress: 'Example Cloud, 1 Main Street, 12345 Springfield',
    unsubscribeBaseURL: 'https://example.com/unsubscribe',
    maxPerSecond: 10,
  },
};

/** What a MessagingChannel takes and refuses. */
export const messagingChannels: SampleTable = {
  kind: 'MessagingChannel',
  valid: [
    { name: 'SMTP with TLS', object: base },
    { name: 'a relay inside the cluster', object: changed(base, { 'spec.smtp': { host: 'relay', tls: 'Disabled' } }) },
    { name: 'an address alone', object: changed(base, { 'spec.from': 'news@example.com' }) },
  ],
  invalid: [
    {
      name: 'another type',
      object: changed(base, { 'spec.type': 'Fax' }),
      says: 'spec.type: Unsupported value: "Fax": supported values: "SMTP"',
    },
    { name: 'no server', object: changed(base, { 'spec.smtp': undefined }), says: 'spec.smtp: Required value' },
    {
      name: 'a port too high',
      object: changed(base, { 'spec.smtp.port': 65536 }),
      says: 'spec.smtp.port in body should be less than or equal to 65535',
    },
    {
      name: 'a sender without an address',
      object: changed(base, { 'spec.from': 'Example Cloud' }),
      says: 'spec.from in body should match',
    },
    {
      name: 'a header smuggled into the sender',
      object: changed(base, { 'spec.from': 'a@example.com\r\nBcc: b@example.com' }),
      says: 'spec.from in body should match',
    },
    {
      name: 'an unsubscribe link without TLS',
      object: changed(base, { 'spec.unsubscribeBaseURL': 'http://example.com/u' }),
      says: 'spec.unsubscribeBaseURL in body should match',
    },
    {
      name: 'a password without TLS',
      object: changed(base, { 'spec.smtp.tls': 'Disabled' }),
      says: 'credentials are not sent without TLS',
    },
    {
      name: 'no postal address',
      object: changed(base, { 'spec.postalAddress': '' }),
      says: 'spec.postalAddress in body should be at least 10 chars long',
    },
    {
      name: 'a password in the open',
      object: changed(base, { 'spec.smtp.password': 'secret' }),
      says: 'unknown field "spec.smtp.password"',
    },
  ],
  updates: [{ name: 'another sender', from: base, to: changed(base, { 'spec.from': 'team@example.com' }) }],
};
