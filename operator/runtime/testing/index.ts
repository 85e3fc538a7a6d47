/** The testing kit of the runtime, for rooms and for the runtime itself. */

export { type Authority, createAuthority } from './certificate.ts';
export { conversationCrd } from './conformance/crd.ts';
export { conversations } from './conformance/index.ts';
export { namespaceOf, play } from './conformance/play.ts';
export { readRecorded, writeRecorded } from './conformance/record.ts';
export { FakeServer, type Fault } from './fake-server.ts';
export { type Following, follow } from './follow.ts';
export { lossless } from './lossless.ts';
export type { Act } from './memory-backend.ts';
export { type PassOutput, runPass, type Thing, thing } from './pass.ts';
export { runRow } from './table.ts';
export { makeNote, Note, Toy } from './toys.ts';
export { VirtualClock } from './virtual-clock.ts';
export { silentLog, until } from './wait.ts';
