/** What may be wrong with an answer that came. */

/**
 * An answer is cut off, or is not in the form that it says it is. A list or watch is opened again, with patience.
 * @remedy nothing if it passes; else look for a proxy between the operator and the API server that changes or cuts
 *   answers
 */
export class AnswerMalformed extends Error {
  override readonly name = 'AnswerMalformed';
  readonly code = 'AnswerMalformed';
}

/**
 * One object or event of an answer is larger than anything that the API server stores.
 * @remedy find the object among those of the kind that the log line names, and make it smaller
 */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
  readonly code = 'AnswerTooLarge';
}

/** As client-go bounds the frames of a watch; etcd takes 1.5 MiB a request unless it is told otherwise. */
const largestBytes = 16 * 1024 * 1024;

/** Throws AnswerTooLarge when one object or event has, or is about to have, that many bytes. */
export function checkSize(bytes: number): void {
  if (bytes <= largestBytes) return;
  throw new AnswerTooLarge(`an object of ${bytes} bytes or more arrives; at most ${largestBytes} are read`);
}
