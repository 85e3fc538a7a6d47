import type { Logger } from '../../observability/index.ts';

/** A child logger that is made when the pass says something: most say nothing, and making it costs as much as a small pass. */
export class PassLog implements Logger {
  readonly #parent: Logger;
  readonly #fields: object;
  #made: Logger | undefined;

  constructor(parent: Logger, fields: object) {
    this.#parent = parent;
    this.#fields = fields;
  }

  get #own(): Logger {
    this.#made ??= this.#parent.child(this.#fields);
    return this.#made;
  }

  debug(fields: object, message: string): void {
    this.#own.debug(fields, message);
  }

  info(fields: object, message: string): void {
    this.#own.info(fields, message);
  }

  warn(fields: object, message: string): void {
    this.#own.warn(fields, message);
  }

  error(fields: object, message: string): void {
    this.#own.error(fields, message);
  }

  child(fields: object): Logger {
    return this.#own.child(fields);
  }
}
