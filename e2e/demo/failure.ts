import { ClusterError } from '../cluster/cluster-error.ts';

/** A step of the demo that could not be done: which one, why, and where more is said. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly code = 'StepFailed';
  readonly step: string;
  /** A file or a command that shows more. */
  readonly log: string;
  constructor(step: string, log: string, cause: unknown) {
    super(reasonOf(cause), { cause });
    this.step = step;
    this.log = log;
  }
}

/** Does the work of one step; whatever goes wrong in it becomes `StepFailed`. */
export async function inStep<T>(step: string, log: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof StepFailed ? cause : new StepFailed(step, log, cause);
  }
}

/** What is printed when the demo ends early: step, reason, log, and what to do now. */
export function failureText(error: unknown): string {
  if (error instanceof StepFailed) {
    const lines = [`failed: ${error.step}: ${error.message}`, `look into: ${error.log}`];
    return [
      ...lines,
      'what was started still runs, for its logs; make demo starts afresh, make demo-down ends it',
      '',
    ].join('\n');
  }
  // Said by the cluster's own code in a sentence that names the remedy, for example that another start is under way.
  if (error instanceof ClusterError) return `${error.message}\n`;
  return `the demo failed: ${error instanceof Error ? error.stack : String(error)}\n`;
}

/** An error's sentence with those of its causes, each once. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : reasonOf(error.cause);
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message} (${cause})`;
}
