/** Runs the Stripe peer until it is stopped. Prints one line of JSON with its URL when it is ready. */
import { readFileSync } from 'node:fs';

import { readOptions } from '../options.ts';
import { parseFault, parsePlan } from './control/faults.ts';
import { help } from './control/help.ts';
import { startStripePeer } from './peer.ts';
import { defaultSettings, type PeerSettings, rateProfiles } from './settings.ts';

const one = { type: 'string' } as const;
const many = { type: 'string', multiple: true, default: [] as string[] } as const;

const values = readOptions(
  {
    host: { ...one, default: '127.0.0.1' },
    port: { ...one, default: '0' },
    state: one,
    key: { ...one, default: defaultSettings.key },
    account: { ...one, default: defaultSettings.account },
    customer: many,
    fault: many,
    faults: one,
    'identifier-expiry': one,
    'concurrency-status': one,
    rates: one,
    'rate-per-second': one,
    validation: one,
    'validation-lag-seconds': one,
    'summary-lag-seconds': one,
    'invoice-grace-seconds': one,
  },
  help,
);

/** One of these words, or the default when the flag is absent. */
function word<const W extends readonly string[]>(name: keyof typeof values, words: W, fallback: W[number]): W[number] {
  const value = values[name] ?? fallback;
  const found = words.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  process.stderr.write(`--${name} "${String(value)}" must be one of ${words.join(', ')}\n`);
  process.exit(2);
}

/** A whole number of at least 0, or the default when the flag is absent. */
function count(name: keyof typeof values, fallback: number): number {
  const value = Number(values[name] ?? fallback);
  if (Number.isInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} "${String(values[name])}" must be a whole number of at least 0\n`);
  process.exit(2);
}

const rates = rateProfiles[word('rates', ['sandbox', 'live'], 'sandbox')];
const flat = values['rate-per-second'] === undefined ? undefined : count('rate-per-second', 0);
const settings: PeerSettings = {
  ...defaultSettings,
  ...rates,
  ...(flat !== undefined && { ratePerSecond: flat, eventRatePerSecond: flat, streamRatePerSecond: flat }),
  key: values.key,
  account: values.account,
  identifierExpiry: word('identifier-expiry', ['24h', 'never'], defaultSettings.identifierExpiry),
  concurrencyStatus: word('concurrency-status', ['409', '429'], '429') === '409' ? 409 : 429,
  validation: word('validation', ['early', 'late'], defaultSettings.validation),
  validationLagSeconds: count('validation-lag-seconds', defaultSettings.validationLagSeconds),
  summaryLagSeconds: count('summary-lag-seconds', defaultSettings.summaryLagSeconds),
  invoiceGraceSeconds: count('invoice-grace-seconds', defaultSettings.invoiceGraceSeconds),
};

const planned = values.faults === undefined ? [] : parsePlan(JSON.parse(readFileSync(values.faults, 'utf8')));
const peer = await startStripePeer({
  host: values.host,
  port: count('port', 0),
  state: values.state,
  customers: values.customer,
  faults: [...planned, ...values.fault.map(parseFault)],
  settings,
});
process.stdout.write(`${JSON.stringify({ url: peer.url, key: values.key, account: values.account })}\n`);
const stop = (): void => {
  void peer.close();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
