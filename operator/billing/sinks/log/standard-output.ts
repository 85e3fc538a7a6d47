import type { WriteLine } from './log-sink.ts';

/**
 * Lines on standard output, beside those of the logger and whatever its level, for usage is no message: that of the
 * process, which is where a cluster collects them.
 */
export const standardOutput: WriteLine = (line) =>
  new Promise((written, failed) => {
    process.stdout.write(line, (error) => (error ? failed(error) : written()));
  });
