import type { Logger } from '../observability/index.ts';

/** Less than terminationGracePeriodSeconds of config/manager/deployment.yaml, so that the last words are ours. */
const STOP_MILLIS = 40_000;

/**
 * A signal that SIGTERM and SIGINT abort. A second one ends the process at once, as does a stop that takes longer than 40 s:
 * whatever is half done then is taken up at the next start, as after a crash.
 */
export function stopSignal(log: Logger): AbortSignal {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) {
      log.warn({ signal: name }, 'told to stop a second time; ending at once');
      process.exit(1);
    }
    log.info({ signal: name }, 'told to stop');
    stop.abort();
    const late = setTimeout(() => {
      log.error({ seconds: STOP_MILLIS / 1000 }, 'the work did not stop in time; ending without it');
      process.exit(1);
    }, STOP_MILLIS);
    late.unref();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stop.signal;
}

/** Ends the process with 1 and closes nothing: each moment more is one in which two processes may act. */
export function endAtOnce(log: Logger, error: unknown, what: string): never {
  log.error({ err: error }, what);
  process.exit(1);
}

/** Logs what nobody caught and ends with 1: the state is not known any more, and a restart begins from a known one. */
export function endOnSurprise(log: Logger): void {
  const end =
    (what: string) =>
    (error: unknown): void => {
      log.error({ err: error }, `${what}; the process ends and must be started again`);
      process.exit(1);
    };
  process.on('uncaughtException', end('an error that nobody caught'));
  process.on('unhandledRejection', end('a rejection that nobody handled'));
}
