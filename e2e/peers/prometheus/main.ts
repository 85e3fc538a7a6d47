/** `node e2e/peers/prometheus/main.ts --folder DIR --scrape NAME=URL [--scrape …] [--rules FILE …] [--interval SECONDS] [--host ADDRESS] [--port N]` */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { progressTo } from '../../cluster/progress.ts';
import type { ScrapeJob } from './config.ts';
import { startPrometheus } from './prometheus.ts';

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    scrape: { type: 'string', multiple: true, default: [] },
    rules: { type: 'string', multiple: true, default: [] },
    interval: { type: 'string', default: '2' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
  },
});

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
