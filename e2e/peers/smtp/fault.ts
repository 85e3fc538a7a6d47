/**
 * What goes wrong with the nth mail that reaches a stage. Numbers count from 1 over the life of the server.
 * `drop-before-data`: the connection ends at RCPT. `drop-after-data`: the mail is kept, the connection ends before the 250.
 */
export type Fault =
  | {
      readonly kind: 'reply';
      readonly at: number;
      readonly times?: number;
      readonly stage: 'rcpt' | 'data';
      readonly code: number;
      readonly text?: string;
    }
  | { readonly kind: 'drop-before-data' | 'drop-after-data'; readonly at: number; readonly times?: number }
  | { readonly kind: 'delay'; readonly at: number; readonly times?: number; readonly millis: number };

/** The fault among those that `concern` the event which hits the `n`th one, if any. */
export function faultAt(faults: readonly Fault[], n: number, concern: (fault: Fault) => boolean): Fault | undefined {
  return faults.find((fault) => concern(fault) && n >= fault.at && n < fault.at + (fault.times ?? 1));
}

/** Faults of a recipient, before the text of the mail. */
export const ofRecipient = (fault: Fault): boolean =>
  fault.kind === 'drop-before-data' || (fault.kind === 'reply' && fault.stage === 'rcpt');

/** Faults of a mail whose text has arrived. */
export const ofMail = (fault: Fault): boolean =>
  fault.kind === 'drop-after-data' || (fault.kind === 'reply' && fault.stage === 'data');

/** Checks faults that came over HTTP; throws TypeError with the mistake. */
export function parseFaults(value: unknown): readonly Fault[] {
  if (!Array.isArray(value)) throw new TypeError('faults must be a list');
  return value.map((fault: unknown, index) => parseFault(fault, index));
}

const kinds = ['reply', 'drop-before-data', 'drop-after-data', 'delay'];

function parseFault(value: unknown, index: number): Fault {
  const fault = value as Partial<Record<'kind' | 'at' | 'stage' | 'code' | 'millis', unknown>> | null;
  if (!kinds.includes(String(fault?.kind)))
    throw new TypeError(`fault ${index}: kind must be one of ${kinds.join(', ')}`);
  if (!Number.isInteger(fault?.at)) throw new TypeError(`fault ${index}: at must be a whole number from 1`);
  if (fault?.kind === 'reply' && (!Number.isInteger(fault.code) || !['rcpt', 'data'].includes(String(fault.stage)))) {
    throw new TypeError(`fault ${index}: a reply needs a stage (rcpt or data) and a code`);
  }
  return value as Fault;
}
