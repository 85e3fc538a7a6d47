/** @module Simulates scheduling on traces with the planner the controller uses. */
export { arrivals, askedMilli } from './arrivals.ts';
export { registerSimulate } from './command.ts';
export { TraceError } from './errors.ts';
export type { ModeName } from './modes.ts';
export { simulateOffline } from './offline.ts';
export { parseOpenbNodes, parseOpenbPods, type TracePod } from './openb.ts';
export { simulateSchedule } from './schedule.ts';
