import { type CounterKey, counters } from './counters.ts';

/** The values of one device under its labels. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<CounterKey, number>>;
}

const keys = Object.keys(counters) as readonly CounterKey[];

/** The text format of Prometheus, in dcgm-exporter's layout: HELP and TYPE once a field, then a line a device. */
export function exposition(series: readonly Series[]): string {
  const lines = keys.flatMap((key) => {
    const { name, help, type } = counters[key];
    const rows = series.map(({ labels, values }) => `${name}{${labelText(labels)}} ${values[key]}`);
    return rows.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...rows];
  });
  return `${lines.join('\n')}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escaped)}"`)
    .join(',');
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
