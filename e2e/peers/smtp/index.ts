/** A real SMTP server with a journal and faults, played against what sends mail. */
export type { Fault } from './fault.ts';
export type { JournalEntry } from './journal.ts';
export { type SmtpPeer, type SmtpPeerOptions, startSmtpPeer } from './server.ts';
