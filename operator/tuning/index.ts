/** What could run on less, with the evidence. */
export { tuningRoom } from './room.ts';
