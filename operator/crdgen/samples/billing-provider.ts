import { changed, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'BillingProvider',
  metadata: { name: 'sample-stripe' },
  spec: { type: 'Stripe', mode: 'Test', secretRef: { name: 'stripe', key: 'api-key' }, maxRequestsPerSecond: 20 },
};

const lines = changed(base, { 'spec.type': 'Log', 'spec.secretRef': undefined });
const receiver = changed(base, { 'spec.type': 'Webhook', 'spec.webhook': { url: 'https://usage.example/v1/events' } });

const hourly = changed(base, { 'spec.ingestion': 'HourlySnapshot' });

/** What a BillingProvider takes and refuses. */
export const billingProviders: SampleTable = {
  kind: 'BillingProvider',
  valid: [
    { name: 'Stripe in test mode', object: base },
    { name: 'that keeps a catalog', object: changed(base, { 'spec.catalog': { mode: 'Test' } }) },
    { name: 'with the default rate', object: changed(base, { 'spec.maxRequestsPerSecond': undefined }) },
    { name: 'a receiver of webhooks', object: receiver },
    { name: 'that sends fees', object: changed(base, { 'spec.catalog': { mode: 'Test', fees: 'InvoiceItems' } }) },
    { name: 'a log', object: lines },
    { name: 'that streams', object: changed(base, { 'spec.transport': 'MeterEventStream' }) },
    { name: 'that states hours', object: hourly },
    { name: 'an endpoint with a port', object: changed(base, { 'spec.endpoint': 'http://127.0.0.1:12111' }) },
  ],
  invalid: [
    {
      name: 'a catalog of another mode',
      object: changed(base, { 'spec.mode': 'Live', 'spec.catalog': { mode: 'Test' } }),
      says: 'say the mode of the provider again in catalog.mode',
    },
    {
      name: 'a receiver without an address',
      object: changed(receiver, { 'spec.webhook': undefined }),
      says: 'webhook says where usage is posted',
    },
    {
      name: 'an address for Stripe',
      object: changed(base, { 'spec.webhook': { url: 'https://usage.example/v1/events' } }),
      says: 'webhook says where usage is posted',
    },
    {
      name: 'a receiver with a catalog',
      object: changed(receiver, { 'spec.catalog': { mode: 'Test' } }),
      says: "catalog, endpoint and webhookSecretRef are Stripe's",
    },
    {
      name: 'an address with a name in it',
      object: changed(receiver, { 'spec.webhook': { url: 'https://me@usage.example/' } }),
      says: 'spec.webhook.url in body should match',
    },
    {
      name: 'a receiver that is streamed to',
      object: changed(receiver, { 'spec.transport': 'MeterEventStream' }),
      says: 'transport chooses between calls of Stripe',
    },
    {
      name: 'a receiver that is told hours',
      object: changed(receiver, { 'spec.ingestion': 'HourlySnapshot' }),
      says: 'ingestion says how meters of Stripe count',
    },
    {
      name: 'hours in a stream',
      object: changed(hourly, { 'spec.transport': 'MeterEventStream' }),
      says: 'an hour is stated by one event at a time',
    },
    {
      name: 'hours in mode Live',
      object: changed(hourly, { 'spec.mode': 'Live' }),
      says: 'use ingestion Delta in mode Live',
    },
    {
      name: 'a log with a key',
      object: changed(base, { 'spec.type': 'Log' }),
      says: 'with type Log leave it out',
    },
    {
      name: 'Stripe without a key',
      object: changed(base, { 'spec.secretRef': undefined }),
      says: 'secretRef names the key of Stripe or of a receiver: set it',
    },
    { name: 'no mode', object: changed(base, { 'spec.mode': undefined }), says: 'spec.mode: Required value' },
    {
      name: 'another provider',
      object: changed(base, { 'spec.type': 'PayPal' }),
      says: 'spec.type: Unsupported value: "PayPal": supported values: "Stripe", "Webhook", "Log"',
    },
    {
      name: 'a mode in lower case',
      object: changed(base, { 'spec.mode': 'live' }),
      says: 'spec.mode: Unsupported value: "live": supported values: "Test", "Live"',
    },
    {
      name: 'an endpoint with a path',
      object: changed(base, { 'spec.endpoint': 'https://api.stripe.com/v1' }),
      says: 'spec.endpoint in body should match',
    },
    {
      name: 'no calls at all',
      object: changed(base, { 'spec.maxRequestsPerSecond': 0 }),
      says: 'spec.maxRequestsPerSecond in body should be greater than or equal to 1',
    },
    {
      name: 'too many calls',
      object: changed(base, { 'spec.maxRequestsPerSecond': 1001 }),
      says: 'spec.maxRequestsPerSecond in body should be less than or equal to 1000',
    },
    {
      name: 'a secret without a key',
      object: changed(base, { 'spec.secretRef': { name: 'stripe' } }),
      says: 'spec.secretRef.key: Required value',
    },
    { name: 'the key itself', object: changed(base, { 'spec.apiKey': 'sk' }), says: 'unknown field "spec.apiKey"' },
  ],
  updates: [
    { name: 'another rate', from: base, to: changed(base, { 'spec.maxRequestsPerSecond': 50 }) },
    { name: 'the default said', from: base, to: changed(base, { 'spec.ingestion': 'Delta' }) },
    { name: 'another ingestion', from: base, to: hourly, says: 'ingestion is immutable' },
  ],
};
