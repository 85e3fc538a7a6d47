/** Prefix of the name of a usage event; the SKU's name follows. Each event is counted. */
export const eventPrefix = 'gpu_seconds__';
/** Prefix of events of which the newest of a UTC hour counts: each states the whole hour. With a SKU's 80 characters, 100. */
export const hourlyPrefix = 'gpu_seconds_hourly__';

/** What a row of usage says to its provider: what is to be added, or what the whole hour holds by now. */
export type Ingestion = 'Delta' | 'HourlySnapshot';

/** The name of the usage events of a SKU. */
export function eventNameOf(sku: string, ingestion: Ingestion): string {
  return (ingestion === 'HourlySnapshot' ? hourlyPrefix : eventPrefix) + sku;
}

/** How events of a name count: a meter never changes it, and so neither does what was frozen for it. */
export function ingestionOf(eventName: string): Ingestion {
  return eventName.startsWith(hourlyPrefix) ? 'HourlySnapshot' : 'Delta';
}

/** What a database says of a provider; anything unknown to it adds up. */
export function readIngestion(text: string | null): Ingestion {
  return text === 'HourlySnapshot' ? 'HourlySnapshot' : 'Delta';
}
