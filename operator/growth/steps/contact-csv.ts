import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import type { ContactRow, Counts } from '../run/contract.ts';
import { badConfig } from './exit.ts';

/** Why a row was not usable. */
export type RefusedReason = 'invalidEmail' | 'invalidName' | 'noConsent' | 'noConsentTime' | 'noSource' | 'duplicate';

/** What reading a CSV ended with. */
export interface CsvResult {
  readonly rows: number;
  readonly refused: Readonly<Partial<Record<RefusedReason, number>>>;
}

const columns = ['email', 'name', 'consent', 'consent_time', 'source'] as const;
type Column = (typeof columns)[number];
type Row = Readonly<Record<Column, string>>;

const batchSize = 200;
const futureMillis = 300_000;
const yes = new Set(['yes', 'true', '1', 'granted']);
const topicPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const no = new Set(['no', 'false', '0', 'denied', 'withdrawn']);
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must be found
const control = /[\u0000-\u001f\u007f]/;
const emailPattern =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$/;
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Reads contacts in batches of 200 and gives each batch to `take`. A row needs a valid address, an affirmative consent
 * (`yes`, or the topics it is for), its time and its source; `yes` is for `topic`. A row that says no is refused, and
 * given to `take` as a withdrawal for `topic` after all others. Throws RunStopped (20) when the file is no such CSV.
 */
export async function readContacts(
  csv: Readable,
  settings: { readonly topic: string; readonly now: Date },
  take: (rows: readonly ContactRow[]) => Promise<void>,
): Promise<CsvResult> {
  const refused: Partial<Record<RefusedReason, number>> = {};
  const seen = new Set<string>();
  let rows = 0;
  let batch: ContactRow[] = [];
  const withdrawals: ContactRow[] = [];
  try {
    for await (const row of csv.pipe(parser())) {
      rows += 1;
      const read = readRow(row as Row, settings, seen);
      if (typeof read === 'string') {
        refused[read] = (refused[read] ?? 0) + 1;
        continue;
      }
      if (read.consent === 'withdrawn') {
        refused.noConsent = (refused.noConsent ?? 0) + 1;
        withdrawals.push(read);
        continue;
      }
      batch.push(read);
      if (batch.length < batchSize) continue;
      await take(batch);
      batch = [];
    }
  } catch (error) {
    if (error instanceof CsvError)
      throw badConfig('InvalidCsv', `the CSV of contacts cannot be read: ${error.code} in line ${error.lines ?? '?'}`);
    throw error;
  }
  if (batch.length > 0) await take(batch);
  for (let from = 0; from < withdrawals.length; from += batchSize) {
    await take(withdrawals.slice(from, from + batchSize));
  }
  return { rows, refused };
}

function parser() {
  return parse({
    bom: true,
    trim: true,
    skip_empty_lines: true,
    max_record_size: 16_384,
    columns: (header: readonly string[]) => {
      const names = header.map((name) => name.toLowerCase());
      const missing = columns.filter((column) => !names.includes(column));
      if (missing.length === 0) return names;
      throw badConfig(
        'MissingColumns',
        `the CSV of contacts lacks the columns ${missing.join(', ')}; its first line must name ${columns.join(',')}`,
      );
    },
  });
}

function readRow(
  row: Row,
  settings: { readonly topic: string; readonly now: Date },
  seen: Set<string>,
): ContactRow | RefusedReason {
  if (row.email.length > 254 || !emailPattern.test(row.email)) return 'invalidEmail';
  if (no.has(row.consent.toLowerCase())) return withdrawal(row, settings);
  if (row.name.length > 200 || control.test(row.name)) return 'invalidName';
  if (row.source === '' || row.source.length > 200 || control.test(row.source)) return 'noSource';
  const topics = consentedTopics(row.consent, settings.topic);
  if (topics.length === 0) return 'noConsent';
  const at = consentTimeOf(row, settings.now);
  if (at === undefined) return 'noConsentTime';
  const key = row.email.toLowerCase();
  if (seen.has(key)) return 'duplicate';
  seen.add(key);
  const consentTime = at.toISOString();
  return { email: row.email, name: row.name, consent: 'granted', topics, consentTime, source: row.source };
}

/** A no counts however little else the row says: without a time it is from now. */
function withdrawal(row: Row, { topic, now }: { readonly topic: string; readonly now: Date }): ContactRow {
  const named = row.source !== '' && row.source.length <= 200 && !control.test(row.source);
  return {
    email: row.email,
    name: '',
    consent: 'withdrawn',
    topics: [topic],
    consentTime: (consentTimeOf(row, now) ?? now).toISOString(),
    source: named ? row.source : 'csv',
  };
}

function consentTimeOf(row: Row, now: Date): Date | undefined {
  const text = row.consent_time;
  const at = rfc3339.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(at) || at > now.getTime() + futureMillis ? undefined : new Date(at);
}

function consentedTopics(consent: string, topic: string): readonly string[] {
  const value = consent.toLowerCase();
  if (yes.has(value)) return [topic];
  const topics = value.split(/[;|\s]+/).filter((part) => part !== '');
  return topics.every((part) => topicPattern.test(part)) ? [...new Set(topics)].slice(0, 32) : [];
}

/** The numbers of an import: `refused` and `refused.<reason>`. */
export function refusedCounts(result: CsvResult): Counts {
  const entries = Object.entries(result.refused);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  return {
    rows: result.rows,
    refused: total,
    ...Object.fromEntries(entries.map(([reason, count]) => [`refused.${reason}`, count])),
  };
}
