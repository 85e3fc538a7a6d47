/** The kill points K0 to K12, the restores of rule R9, and how the process is brought to each. */
import type { Halt } from './protocol.ts';

/** How a process is broken: at a point of its own, or in a way that needs more than that. */
export type Breach =
  | { readonly kind: 'halt'; readonly halt: Halt }
  /** The peer takes the event and never answers; killed from outside while the process waits. */
  | { readonly kind: 'no-answer' }
  /** A row past its guard is read back; killed at the second reading, before the decision is committed. */
  | { readonly kind: 'decision'; readonly halt: Halt }
  /** A migration is killed inside its transaction. */
  | { readonly kind: 'migration' }
  /** A webhook is taken, or worked on, and the process killed before the commit. */
  | { readonly kind: 'webhook'; readonly halt: Halt }
  /** Killed at a point where the database is copied; after more was sent, the copy is put back by other tools. */
  | { readonly kind: 'restore'; readonly halt: Halt }
  /** A second process opens the embedded database's folder. */
  | { readonly kind: 'second-process' };

/** A kill point. */
export interface Point {
  readonly id: string;
  readonly what: string;
  readonly breach: Breach;
}

const killedAt = (point: string): Breach => ({ kind: 'halt', halt: { point, nth: 1, signal: 'SIGKILL' } });
const stoppedAt = (point: string): Breach => ({ kind: 'halt', halt: { point, nth: 1, signal: 'SIGSTOP' } });
const webhookAt = (point: string): Breach => ({ kind: 'webhook', halt: { point, nth: 1, signal: 'SIGKILL' } });
const restoredTo = (point: string): Breach => ({ kind: 'restore', halt: { point, nth: 1, signal: 'SIGKILL' } });
const decisionAfter = (point: string): Breach => ({ kind: 'decision', halt: { point, nth: 1, signal: 'SIGKILL' } });

/** Every point; letters tell variants of one. */
export const points: readonly Point[] = [
  { id: 'K0', what: 'interval open, before insert', breach: killedAt('pass:begin') },
  { id: 'K1', what: 'after interval insert', breach: killedAt('pass:committed') },
  { id: 'K2', what: 'mid-seal', breach: killedAt('seal:commit') },
  { id: 'K3', what: 'sealed, before SENDING', breach: killedAt('seal:committed') },
  { id: 'K4', what: 'SENDING, no bytes out', breach: killedAt('send:deliver') },
  { id: 'K5', what: 'response lost', breach: { kind: 'no-answer' } },
  { id: 'K6', what: '200, before commit', breach: killedAt('send:delivered') },
  { id: 'K7', what: 'between revision and outbox row', breach: killedAt('seal:freeze') },
  { id: 'K8a', what: 'read-back says recorded, before commit', breach: decisionAfter('send:delivered') },
  { id: 'K8b', what: 'read-back says absent, before commit', breach: decisionAfter('send:deliver') },
  { id: 'K9', what: 'inside a migration', breach: { kind: 'migration' } },
  { id: 'K10a', what: 'SIGSTOP before the call, SIGCONT', breach: stoppedAt('send:deliver') },
  { id: 'K10b', what: 'SIGSTOP after the answer, SIGCONT', breach: stoppedAt('send:delivered') },
  { id: 'K10c', what: 'SIGSTOP inside a transaction, SIGCONT', breach: stoppedAt('send:commit') },
  { id: 'K11a', what: 'webhook taken, before it is in the inbox', breach: webhookAt('hook:taken') },
  { id: 'K11b', what: 'webhook handled, before inbox commit', breach: webhookAt('inbox:commit') },
  { id: 'R9a', what: 'put back to before a seal that was sent since', breach: restoredTo('seal:commit') },
  { id: 'R9b', what: 'put back to sealed, before it was sent', breach: restoredTo('seal:committed') },
  { id: 'K12', what: 'second process on a PGlite directory', breach: { kind: 'second-process' } },
];
