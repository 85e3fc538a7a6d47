import { resolve } from 'node:path';

import { progressTo } from '../../cluster/progress.ts';
import { readOptions } from '../options.ts';
import type { ScrapeJob } from './config.ts';
import { startPrometheus } from './prometheus.ts';

const help = `Runs a real Prometheus on what is to be scraped.

Usage: node e2e/peers/prometheus/main.ts --folder DIR --scrape NAME=URL [options]

  --folder DIR         its configuration, data and log
  --scrape NAME=URL    a job and where it is scraped; may be given again, also with the same name
  --rules FILE         a file of recording and alerting rules; may be given again
  --interval SECONDS   between two scrapes and two evaluations (2)
  --host ADDRESS       where it listens (127.0.0.1)
  --port N             0 for any (0)
  --help               this text

It prints one line of JSON with its URL and its log file when it is ready.

Example: node e2e/peers/prometheus/main.ts --folder /tmp/prometheus --scrape operator=http://127.0.0.1:8080
`;

const values = readOptions(
  {
    folder: { type: 'string' },
    scrape: { type: 'string', multiple: true, default: [] as string[] },
    rules: { type: 'string', multiple: true, default: [] as string[] },
    interval: { type: 'string', default: '2' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
  },
  help,
);

if (values.folder === undefined || values.scrape.length === 0) {
  process.stderr.write('--folder DIR and at least one --scrape NAME=http://HOST:PORT are needed\n');
  process.exit(2);
}

const server = await startPrometheus({
  folder: values.folder,
  intervalSeconds: Number(values.interval),
  jobs: jobsOf(values.scrape),
  ruleFiles: values.rules.map((file) => resolve(file)),
  host: values.host,
  port: Number(values.port),
  progress: progressTo(process.stderr),
});
process.stdout.write(`${JSON.stringify({ url: server.url, log: server.log })}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void server.stop().then(() => process.exit(0)));
}

function jobsOf(pairs: readonly string[]): readonly ScrapeJob[] {
  const parts = pairs.map((pair) => ({
    name: pair.slice(0, pair.indexOf('=')),
    url: pair.slice(pair.indexOf('=') + 1),
  }));
  return [...Map.groupBy(parts, ({ name }) => name)].map(([name, rows]) => ({
    name,
    urls: rows.map(({ url }) => url),
  }));
}
