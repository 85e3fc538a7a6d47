import { resolve } from 'node:path';

/** The checkout's root. */
export const root = resolve(import.meta.dirname, '../..');

/** Runs kubectl against the demo's cluster and answers its standard output. */
export type Kubectl = (
  args: readonly string[],
  options?: { readonly input?: string; readonly timeoutMs?: number },
) => Promise<string>;

/** A list as kubectl prints it. */
interface List<T> {
  readonly items: readonly T[];
}

/** The objects of one resource, in all namespaces. */
export async function listAll<T>(kubectl: Kubectl, resource: string): Promise<readonly T[]> {
  const list: List<T> = JSON.parse(
    await kubectl(['get', resource, '--all-namespaces', '-o', 'json'], { timeoutMs: 60_000 }),
  );
  return list.items;
}

/** One step of the thread, as the report tells it. */
export interface StepResult {
  readonly step: string;
  readonly result: 'happened' | 'skipped' | 'failed';
  /** What was seen, or why it was skipped and what to do about it, or what is wrong. */
  readonly detail: string;
}
