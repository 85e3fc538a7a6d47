import { type Command, InvalidArgumentError, Option } from 'commander';

/** What `gpuopt run` is told; every flag has an environment variable of the same name with the prefix GPUOPT_. */
export interface Settings {
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly prometheusUrl?: string;
  readonly metricsAddress: Address;
  readonly apiAddress: Address;
  readonly jobsAddress: Address;
  readonly jobsUrl: string;
  readonly portalAddress?: Address;
  readonly webhookAddress?: Address;
  readonly webhookCertificates: string;
  readonly jobImage: string;
  readonly jobImagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly jobNodeSelector: Readonly<Record<string, string>>;
  readonly windowSeconds: number;
  readonly sealGraceSeconds: number;
  readonly leaderElection: 'on' | 'off';
  readonly logLevel: string;
}

/** A host and a port to listen at; port 0 means any free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT`. */
export function parseAddress(text: string): Address {
  const match = /^(.*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535)
    throw new InvalidArgumentError('expected HOST:PORT, for example 0.0.0.0:8080.');
  return { host: match[1].replace(/^\[(.*)\]$/, '$1'), port };
}

/** Reads `a=b,c=d`; the empty string is no label. */
export function parseLabels(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key, value, ...rest] = pair.split('=');
      if (!key || value === undefined || rest.length > 0) {
        throw new InvalidArgumentError('expected KEY=VALUE, separated by commas.');
      }
      return [key, value];
    }),
  );
}

/** Reads an integer of at least `least`. */
export function integerFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number of at least ${least}.`);
    return value;
  };
}

function parseUrl(text: string): string {
  if (!URL.canParse(text))
    throw new InvalidArgumentError('expected a URL, for example http://prometheus.monitoring.svc:9090.');
  return text.replace(/\/$/, '');
}

/** The options of `gpuopt run`, in the order of the help text. */
export const runOptions: readonly Option[] = [
  option('--kubeconfig <file>', 'kubeconfig; default: KUBECONFIG, else the pod’s own service account').env(
    'GPUOPT_KUBECONFIG',
  ),
  option('--namespace <name>', 'namespace of the operator: Lease, Secrets of providers')
    .env('GPUOPT_NAMESPACE')
    .default('gpuopt-system'),
  option('--data-dir <folder>', 'folder of the embedded database; one process only').env('GPUOPT_DATA_DIR'),
  option('--database-url <url>', 'PostgreSQL, instead of --data-dir').env('GPUOPT_DATABASE_URL'),
  option('--prometheus-url <url>', 'Prometheus with DCGM metrics, for tuning and energy')
    .env('GPUOPT_PROMETHEUS_URL')
    .argParser(parseUrl),
  option('--metrics-address <host:port>', 'metrics and health')
    .env('GPUOPT_METRICS_ADDRESS')
    .argParser(parseAddress)
    .default(parseAddress('127.0.0.1:8080'), '127.0.0.1:8080'),
  option('--api-address <host:port>', 'usage API, not authenticated: keep it on loopback')
    .env('GPUOPT_API_ADDRESS')
    .argParser(parseAddress)
    .default(parseAddress('127.0.0.1:8081'), '127.0.0.1:8081'),
  option('--jobs-address <host:port>', 'API for campaign runs (token checked), unsubscribing and signed webhooks')
    .env('GPUOPT_JOBS_ADDRESS')
    .argParser(parseAddress)
    .default(parseAddress('127.0.0.1:8082'), '127.0.0.1:8082'),
  option('--jobs-url <url>', 'where campaign pods reach --jobs-address')
    .env('GPUOPT_JOBS_URL')
    .argParser(parseUrl)
    .default('http://gpuopt.gpuopt-system.svc:8082'),
  option('--portal-address <host:port>', 'HTTP API for tenants (ServiceAccount tokens); default: none')
    .env('GPUOPT_PORTAL_ADDRESS')
    .argParser(parseAddress),
  option('--webhook-address <host:port>', 'admission webhooks, for clusters without admission policies; default: none')
    .env('GPUOPT_WEBHOOK_ADDRESS')
    .argParser(parseAddress),
  option(
    '--webhook-certificates <folder>',
    'folder with tls.crt and tls.key of the webhooks; read again when they change',
  )
    .env('GPUOPT_WEBHOOK_CERTIFICATES')
    .default('/certificates'),
  option('--job-image <image>', 'image of campaign pods').env('GPUOPT_JOB_IMAGE').default('gpuoptimizer.io/gpuopt:dev'),
  option('--job-image-pull-policy <policy>', 'pull policy of campaign pods')
    .env('GPUOPT_JOB_IMAGE_PULL_POLICY')
    .choices(['Always', 'IfNotPresent', 'Never'])
    .default('IfNotPresent'),
  option('--job-node-selector <labels>', 'node labels of campaign pods, KEY=VALUE,…')
    .env('GPUOPT_JOB_NODE_SELECTOR')
    .argParser(parseLabels)
    .default({}, 'none'),
  option('--window-seconds <n>', 'length of a usage window; 3600 in production, shorter for demonstrations')
    .env('GPUOPT_WINDOW_SECONDS')
    .argParser(integerFrom(1))
    .default(3600),
  option('--seal-grace-seconds <n>', 'how long after its end a window is sealed')
    .env('GPUOPT_SEAL_GRACE_SECONDS')
    .argParser(integerFrom(0))
    .default(120),
  option('--leader-election <mode>', 'on where more than one replica may run')
    .env('GPUOPT_LEADER_ELECTION')
    .choices(['on', 'off'])
    .default('on'),
  option('--log-level <level>', 'trace, debug, info, warn, error')
    .env('GPUOPT_LOG_LEVEL')
    .choices(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info'),
];

function option(flags: string, description: string): Option {
  return new Option(flags, description);
}

/** Adds the options of `gpuopt run` to a command. */
export function withRunOptions(command: Command): Command {
  for (const each of runOptions) command.addOption(each);
  return command;
}
