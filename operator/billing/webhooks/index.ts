/** Webhooks, for tools that drive them one at a time. */
export { receive } from './receive.ts';
export { workInbox } from './work.ts';
