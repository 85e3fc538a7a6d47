import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { StoreError } from '../store-error.ts';
import {
  type BackupHeader,
  type BackupManifest,
  backupFormat,
  createSumming,
  readRowLine,
  type TableSum,
} from './format.ts';

/** A backup whose every line is what its manifest says. */
export interface CheckedBackup {
  readonly header: BackupHeader;
  readonly manifest: BackupManifest;
}

/** The lines of a file, without their ends. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8');
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : String(cause), { cause });
  } finally {
    input.destroy();
  }
}

/** Reads a whole backup and compares it with its manifest; throws `StoreBackupInvalid` naming the first thing that is wrong. */
export async function checkBackup(file: string): Promise<CheckedBackup> {
  const sums = createSumming();
  let header: BackupHeader | undefined;
  let manifest: BackupManifest | undefined;
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    if (manifest !== undefined) throw invalid(file, `line ${number} follows the manifest`);
    if (header === undefined) {
      header = readHeader(file, line);
      sums.add(line);
      continue;
    }
    const row = readRowLine(line);
    manifest = row === undefined ? readManifest(file, line, number) : undefined;
    if (row !== undefined) sums.add(line, row.table);
  }
  if (header === undefined) throw invalid(file, 'it is empty');
  if (manifest === undefined) throw invalid(file, `it ends after line ${number} without a manifest: it was cut off`);
  compare(file, sums.tables(), manifest.tables);
  if (sums.sha256() !== manifest.sha256) throw invalid(file, 'its lines are not those that were written');
  return { header, manifest };
}

function compare(file: string, found: CheckedBackup['manifest']['tables'], said: typeof found): void {
  for (const table of new Set([...Object.keys(said), ...Object.keys(found)])) {
    const none: TableSum = { rows: 0, sha256: '' };
    const [has, should] = [found[table] ?? none, said[table] ?? none];
    if (has.rows !== should.rows)
      throw invalid(file, `table ${table} has ${has.rows} rows where the manifest says ${should.rows}`);
    if (has.sha256 !== should.sha256)
      throw invalid(
        file,
        `the rows of table ${table} were changed: their SHA-256 is ${has.sha256}, not ${should.sha256}`,
      );
  }
}

function readHeader(file: string, line: string): BackupHeader {
  const value = parse(line);
  if (value?.format === backupFormat && typeof value.takenAt === 'string' && isNames(value.schema)) {
    return { format: backupFormat, takenAt: value.takenAt, schema: value.schema };
  }
  throw invalid(file, `its first line is not the header of a ${backupFormat}`);
}

function readManifest(file: string, line: string, number: number): BackupManifest {
  const value = parse(line)?.manifest;
  if (isManifest(value)) return value;
  throw invalid(file, `line ${number} is neither a row nor the manifest`);
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isManifest(value: unknown): value is BackupManifest {
  return isRecord(value) && isRecord(value.tables) && isRecord(value.chainHeads) && typeof value.sha256 === 'string';
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error of a file that is no whole backup. */
export function invalid(file: string, what: string, options?: ErrorOptions): StoreError {
  return new StoreError(
    'StoreBackupInvalid',
    `${file} is not restored: ${what}; nothing was changed, take another backup`,
    options,
  );
}
