/** A real SMTP server with a journal and faults, played against what sends mail. */
export type { Fault } from './fault.ts';
export { type SmtpPeer, startSmtpPeer } from './server.ts';
