/** A page of metrics of a process on this machine. */
export interface MetricsPage {
  /** One number by name, and by labels if given; the sum of all that match, 0 of none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
  has(name: string): boolean;
}

const PAGE_MILLIS = 10_000;

/** Asks a server of this machine; `path` without a leading slash. */
export function pageOf(port: number, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/${path}`, { signal: AbortSignal.timeout(PAGE_MILLIS) });
}

/** Reads the metrics of a server of this machine. */
export async function metricsOf(port: number): Promise<MetricsPage> {
  return parseMetrics(await (await pageOf(port, 'metrics')).text());
}

/** Reads the text format of Prometheus. */
export function parseMetrics(text: string): MetricsPage {
  const lines = (name: string): readonly RegExpMatchArray[] => [
    ...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm')),
  ];
  return {
    sum: (name, labels = {}) => {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return lines(name)
        .filter(([, found = '']) => wanted.every((each) => `,${found},`.includes(`,${each},`)))
        .reduce((sum, [, , value]) => sum + Number(value), 0);
    },
    has: (name) => lines(name).length > 0,
  };
}
