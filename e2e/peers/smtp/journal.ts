import { appendFileSync } from 'node:fs';

/** A mail that the server has taken into its hands. */
export interface JournalEntry {
  readonly n: number;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the client was told 250; a dropped connection leaves false. */
  readonly acknowledged: boolean;
  readonly receivedAt: string;
}

/** Every mail taken, in order; also appended to a file, one JSON line each, when a file is named. */
export interface Journal {
  readonly entries: readonly JournalEntry[];
  add(entry: JournalEntry): void;
}

/** A journal in memory and, when `file` is given, on disk. */
export function openJournal(file?: string): Journal {
  const entries: JournalEntry[] = [];
  return {
    entries,
    add: (entry) => {
      entries.push(entry);
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`);
    },
  };
}
