/** Runs the Stripe peer until it is stopped. Prints one line of JSON with its URL when it is ready. */
import { parseArgs } from 'node:util';

import { startStripePeer } from './server.ts';
import { defaultSettings } from './settings.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    journal: { type: 'string' },
    key: { type: 'string', default: defaultSettings.key },
    account: { type: 'string', default: defaultSettings.account },
    customer: { type: 'string', multiple: true, default: [] },
    'identifier-expiry': { type: 'string', default: defaultSettings.identifierExpiry },
    'rate-per-second': { type: 'string', default: String(defaultSettings.ratePerSecond) },
    'summary-lag-seconds': { type: 'string', default: String(defaultSettings.summaryLagSeconds) },
  },
});

const peer = await startStripePeer({
  host: values.host,
  port: Number(values.port),
  journal: values.journal,
  customers: values.customer,
  settings: {
    key: values.key,
    account: values.account,
    identifierExpiry: values['identifier-expiry'] === 'never' ? 'never' : '24h',
    ratePerSecond: Number(values['rate-per-second']),
    summaryLagSeconds: Number(values['summary-lag-seconds']),
  },
});
process.stdout.write(`${JSON.stringify({ url: peer.url, key: values.key, account: values.account })}\n`);
const stop = (): void => {
  void peer.close();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
