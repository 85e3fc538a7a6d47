/** docs/errors.md: every code, what it means and what to do. */
import type { CataloguedError } from './error-catalogue.ts';

/** What the rooms do, for the headings. */
const rooms: Readonly<Record<string, string>> = {
  billing: 'Money',
  cli: 'Commands',
  crdgen: 'Custom resources: generator and checks',
  growth: 'Campaigns',
  kube: 'Built-in kinds',
  metering: 'Usage',
  observability: 'Logs, metrics, time',
  pools: 'Pools and tenants',
  portal: 'The API for tenants',
  runtime: 'The runtime and the API server',
  scheduling: 'Scheduling and simulation',
  store: 'The database',
  tuning: 'Tuning',
};

/** The page as Markdown. Throws TypeError for a room without a heading. */
export function errorsPage(errors: readonly CataloguedError[], note: string): string {
  const names = [...new Set(errors.map(({ room }) => room))].sort();
  const parts = names.map((name) => {
    const title = rooms[name];
    if (title === undefined) throw new TypeError(`room ${name} has no heading in the page of errors; add one`);
    const rows = errors.filter(({ room }) => room === name).sort((a, b) => (a.code < b.code ? -1 : 1));
    return `## ${title}\n\n| code | meaning | what to do |\n|---|---|---|\n${rows.map(row).join('\n')}\n`;
  });
  return `<!-- ${note} -->\n# Errors\n\nThe code of an error stands in the field \`err.code\` of its log line, and in the label \`reason\` of \`informer_failures_total\`. Codes stay from version to version; sentences may change. **Nothing** means that the operator goes on by itself.\n\n${parts.join('\n')}`;
}

function row({ code, meaning, remedy }: CataloguedError): string {
  return `| \`${code}\` | ${cell(meaning)} | ${cell(remedy)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
