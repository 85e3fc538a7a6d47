/** Whether an error says that a write was not applied; a lost answer, an aborted call or a failing server do not. */
export function isCertain(error: unknown): boolean {
  if (errorCode(error) === 'NotLeader') return true;
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined;
  // 408 is what a proxy says that waited for the server.
  return typeof status === 'number' && status >= 400 && status < 500 && status !== 408;
}

/** Whether a write came too late: what it was for is gone, or changed meanwhile. The watch brings the news. */
export function isOvertaken(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'NotFound' || code === 'Conflict';
}

/** The stable code of an error of the runtime. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}
