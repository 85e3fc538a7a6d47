/** Metering's parts for tools that drive them one at a time: the fault checker and the benchmarks. */
export { meteringController } from '../controller.ts';
export { collectDue } from '../energy/collector.ts';
export type { NewInterval } from '../facts.ts';
export { writePlan } from '../repository.ts';
export { sealDue } from '../sealing/sealer.ts';
