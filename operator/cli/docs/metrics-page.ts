/** docs/metrics.md: every metric that a process registers, as its registry knows them. */
import type { Registry } from '../../observability/index.ts';

interface Listed {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** Sections of the page, by the beginning of a metric's name; the first that fits takes it. */
const sections: readonly { readonly title: string; readonly intro: string; readonly pattern: RegExp }[] = [
  {
    title: 'The project',
    intro: 'What the rooms know of GPUs, plans, usage, bills, savings and campaigns.',
    pattern: /^gpuopt_/,
  },
  {
    title: 'Controllers, queues, requests and leader election',
    intro: 'Names, labels and buckets are those of controller-runtime and client-go, so dashboards made for them work.',
    pattern: /^(controller_runtime|workqueue|rest_client|leader_election|certwatcher)_/,
  },
  {
    title: 'The cache and applies',
    intro: 'What controller-runtime has no names for.',
    pattern: /^(informer|ssa|event_recorder|controller)_/,
  },
  { title: 'The process', intro: 'As prom-client names them.', pattern: /./ },
];

/** The page as Markdown. */
export async function metricsPage(registry: Registry, note: string): Promise<string> {
  const json = await registry.getMetricsAsJSON();
  const all = json.map(({ name, help, type }) => {
    const labels: unknown = Reflect.get(registry.getSingleMetric(name) ?? {}, 'labelNames');
    return { name, help, type: String(type), labels: Array.isArray(labels) ? labels.map(String) : [] };
  });
  const sorted = [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
  const parts = sections.map(({ title, intro }) => {
    const own = sorted.filter(({ name }) => sections.find((section) => section.pattern.test(name))?.title === title);
    return `## ${title}\n\n${intro}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n${own.map(row).join('\n')}\n`;
  });
  return `<!-- ${note} -->\n# Metrics\n\nServed at \`/metrics\` on port 8080. Each one that a process serves is here.\n\n${parts.join('\n')}`;
}

function row({ name, help, type, labels }: Listed): string {
  return `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help.replaceAll('|', '\\|')} |`;
}
