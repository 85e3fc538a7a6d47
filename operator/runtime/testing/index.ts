/** The testing kit of the runtime, for rooms and for the runtime itself. */
export { MemoryApi } from './memory-api.ts';
export { type Act, type PassInput, type PassOutput, runPass, type Thing, thing } from './pass.ts';
