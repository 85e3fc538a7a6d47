/** The testing kit of the runtime, for rooms and for the runtime itself. */
export { type Authority, createAuthority } from './certificate.ts';
export { FakeServer, type Fault } from './fake-server.ts';
export { lossless } from './lossless.ts';
export { type Act, type PassOutput, runPass, type Thing, thing } from './pass.ts';
export { VirtualClock } from './virtual-clock.ts';
export { silentLog, until } from './wait.ts';
