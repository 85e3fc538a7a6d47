import { renameSync, writeFileSync } from 'node:fs';

/** The time of a cell: the checker's, the peer's and, by a file, that of the processes under test. */
export class SharedTime {
  readonly file: string;
  #now: number;

  /** `start` in milliseconds since 1970. */
  constructor(file: string, start: number) {
    this.file = file;
    this.#now = start;
    this.#write();
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => this.#now;

  /** Moves on; never back. */
  advance(millis: number): void {
    this.#now += millis;
    this.#write();
  }

  /** A reader sees the old time or the new one, never half of it. */
  #write(): void {
    writeFileSync(`${this.file}.next`, String(this.#now));
    renameSync(`${this.file}.next`, this.file);
  }
}
