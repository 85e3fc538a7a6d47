/** The testing kit of the runtime, for rooms and for the runtime itself. */
export { FakeServer, type Fault, type Received } from './fake-server.ts';
export { MemoryApi } from './memory-api.ts';
export { type Act, type PassInput, type PassOutput, runPass, type Thing, thing } from './pass.ts';
export { VirtualClock } from './virtual-clock.ts';
export { silentLog, until } from './wait.ts';
