/** The sender of frozen usage, for tools that drive it themselves. */
export { sendDue } from './sender.ts';
