import { defaultSettings } from '../settings.ts';
import { callFaults, webhookFaults } from './faults.ts';
import { controlRoutes } from './routes.ts';

const width = Math.max(...controlRoutes.map(({ route }) => route.length));

/** What --help says. */
export const help = `Plays Stripe's billing API for tests, with memory.

Example:
  node e2e/peers/stripe/main.ts --port 4010 --customer cus_acme --state peer.jsonl \\
    --fault 'POST /v1/billing/meter_events#3=accept-then-drop'

Prints one line of JSON, {"url", "key", "account"}, when it is ready, and runs until it is stopped.

Flags
  --host HOST                  address to listen on (127.0.0.1)
  --port PORT                  port; 0 takes a free one (0)
  --state FILE                 keeps everything over a restart, one line a transaction
  --key KEY                    the key that is accepted (${defaultSettings.key})
  --account ID                 the account that it belongs to (${defaultSettings.account})
  --customer ID                a customer that exists from the start; may be repeated
  --fault ROUTE#NTH=FAULT      a fault from the start; may be repeated
  --faults FILE                a plan of faults as JSON, as POST /_peer/faults takes it
  --identifier-expiry 24h|never  when identifiers are forgotten (${defaultSettings.identifierExpiry})
  --concurrency-status 409|429 answer to a second call for one customer and meter (${defaultSettings.concurrencyStatus})
  --rates sandbox|live         limits a second: 25 for all, or 100 with 1000 events and 10,000 stream calls (sandbox)
  --rate-per-second N          one limit for all calls instead
  --validation early|late      v1 events that are wrong are refused at once, or taken and reported (${defaultSettings.validation})
  --validation-lag-seconds N   until an event is checked and counted (${defaultSettings.validationLagSeconds})
  --summary-lag-seconds N      until an event shows in summaries (${defaultSettings.summaryLagSeconds})
  --invoice-grace-seconds N    that an invoice stays a draft (${defaultSettings.invoiceGraceSeconds})
  --help

Routes of its own
${controlRoutes.map(({ route, help: line }) => `  ${route.padEnd(width)}  ${line}`).join('\n')}

Faults of a call: ${callFaults.join(', ')}
Faults of a webhook (route "WEBHOOK invoice.paid" or "WEBHOOK *"): ${webhookFaults.join(', ')}
`;
