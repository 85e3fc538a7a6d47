/** The sender of frozen usage, for tools that drive it themselves. */
export type { SentMark } from './mark.ts';
export { sendDue } from './sender.ts';
