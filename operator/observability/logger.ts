import { pino } from 'pino';

/** A structured logger: fields first, then a sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

/** Field names whose values never reach a log line. */
const secretPaths = ['apiKey', 'password', 'token', 'authorization', 'secret', 'email', 'headers.authorization'];

/** A pino logger that writes JSON lines to `destination` (a file descriptor, default 1) and redacts secrets and addresses. */
export function createLogger(options: { readonly level?: string; readonly destination?: number } = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...secretPaths, ...secretPaths.map((path) => `*.${path}`)], censor: '[redacted]' },
    },
    pino.destination({ dest: options.destination ?? 1, sync: true }),
  );
}
