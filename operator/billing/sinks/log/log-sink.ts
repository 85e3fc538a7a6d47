import type { UsageSink } from '../sink.ts';
import { usageEvent } from '../usage-event.ts';

/** Writes one line, of which the newline is a part, and resolves when the operating system has it; rejects when it does not take it. */
export type WriteLine = (line: string) => Promise<void>;

/**
 * A log remembers nothing, so the duty is its reader's: by contract an identifier counts once however often and however
 * late its line comes again. That makes writing again safe at any age, so nothing has to be read back.
 */
const capabilities = { dedupeSeconds: Number.POSITIVE_INFINITY, backdateSeconds: Number.POSITIVE_INFINITY };

/** Usage as one CloudEvent a line. A row is accepted when its line was written: what becomes of the line is not seen. */
export function logSink(write: WriteLine, mode: 'test' | 'live'): UsageSink {
  return {
    capabilities,
    deliver: async (row) => {
      try {
        await write(`${usageEvent(row, mode)}\n`);
        return { kind: 'accepted' };
      } catch (error) {
        return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
      }
    },
    // Never asked: a row is written again instead.
    recorded: () => Promise.reject(new TypeError('a log states no sums')),
  };
}
