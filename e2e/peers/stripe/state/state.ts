import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

import type { Tables } from './tables.ts';

type TableName = keyof Tables;

/** One row as it stands on disk: the table, the id, and what it became. */
type Line = readonly [table: TableName, id: string, row: unknown];

/** Hears of each change of a table, also of those taken back. */
export type Watcher<T extends TableName> = (after: Tables[T] | undefined, before: Tables[T] | undefined) => void;

type AnyWatcher = (after: unknown, before: unknown) => void;

/**
 * What the peer remembers: rows by table and id, changed in transactions. With a file, each transaction is one line that
 * is written before anybody is answered, so that a killed peer comes back with all it has said and nothing half done.
 */
export class State {
  readonly #tables = new Map<TableName, Map<string, unknown>>();
  readonly #watchers = new Map<TableName, AnyWatcher[]>();
  readonly #file: string | undefined;
  #undo: (() => void)[] | undefined;
  #lines: Line[] = [];

  constructor(file?: string) {
    this.#file = file;
    if (file === undefined || !existsSync(file)) return;
    // A kill can cut the last line: its transaction was answered to nobody, so it never happened.
    for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) this.#load(JSON.parse(line));
    this.#compact(file);
  }

  /** The row of this id. */
  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    return this.#table(table).get(id);
  }

  /** All rows of a table, oldest first. */
  all<T extends TableName>(table: T): readonly Tables[T][] {
    return [...this.#table(table).values()];
  }

  /** How many rows a table has. */
  count(table: TableName): number {
    return this.#table(table).size;
  }

  /** Writes a row under its id. */
  put<T extends TableName>(table: T, row: Tables[T]): void {
    this.#change(table, row.id, row);
  }

  /** Removes a row. */
  remove(table: TableName, id: string): void {
    if (this.#table(table).has(id)) this.#change(table, id, undefined);
  }

  /** A new id with Stripe's prefix of the kind; the same requests in the same order give the same ids. */
  id(prefix: string): string {
    const next = (this.get('counter', 'ids')?.value ?? 0) + 1;
    this.put('counter', { id: 'ids', value: next });
    return `${prefix}_peer${String(next).padStart(8, '0')}`;
  }

  /** Calls `watcher` for each row there is and for each change to come. */
  watch<T extends TableName>(table: T, watcher: Watcher<T>): void {
    for (const row of this.#table(table).values()) watcher(row, undefined);
    // The map keeps watchers of all tables; each is only called with rows of its own.
    this.#watchers.set(table, [...(this.#watchers.get(table) ?? []), watcher as AnyWatcher]);
  }

  /** Does all of `work` or, when it throws, nothing of it. Nested calls join the outer one. */
  atomically<R>(work: () => R): R {
    if (this.#undo !== undefined) return work();
    const undo: (() => void)[] = [];
    this.#undo = undo;
    try {
      const result = work();
      this.#save();
      return result;
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    } finally {
      this.#undo = undefined;
      this.#lines = [];
    }
  }

  #change(table: TableName, id: string, row: unknown): void {
    if (this.#undo === undefined) {
      this.atomically(() => this.#change(table, id, row));
      return;
    }
    const before = this.#table(table).get(id);
    this.#undo.push(() => this.#set(table, id, before));
    this.#lines.push([table, id, row]);
    this.#set(table, id, row);
  }

  #set(table: TableName, id: string, row: unknown): void {
    const rows: Map<string, unknown> = this.#table(table);
    const before = rows.get(id);
    if (row === undefined) rows.delete(id);
    else rows.set(id, row);
    for (const watcher of this.#watchers.get(table) ?? []) watcher(row, before);
  }

  #table<T extends TableName>(table: T): Map<string, Tables[T]> {
    const known = this.#tables.get(table) ?? new Map<string, unknown>();
    this.#tables.set(table, known);
    // Rows enter by `put`, which takes those of the table only.
    return known as Map<string, Tables[T]>;
  }

  #save(): void {
    if (this.#file === undefined || this.#lines.length === 0) return;
    appendFileSync(this.#file, `${JSON.stringify(this.#lines)}\n`);
  }

  #load(lines: readonly Line[]): void {
    for (const [table, id, row] of lines) this.#set(table, id, row ?? undefined);
  }

  #compact(file: string): void {
    const lines = [...this.#tables].flatMap(([table, rows]) =>
      [...rows].map(([id, row]) => JSON.stringify([[table, id, row]])),
    );
    writeFileSync(`${file}.new`, lines.map((line) => `${line}\n`).join(''));
    renameSync(`${file}.new`, file);
  }
}
