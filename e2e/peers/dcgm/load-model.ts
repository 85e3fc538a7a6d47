import { createHash } from 'node:crypto';

import type { CounterKey } from './counters.ts';
import type { GpuModel } from './gpu-models.ts';
import type { Load } from './world.ts';

/** What a device shows at one moment; the energy counter is kept elsewhere, because it is an integral. */
export type Reading = Readonly<Record<Exclude<CounterKey, 'energy'>, number>>;

/** What is asked of the model. */
export interface LoadQuestion {
  readonly model: GpuModel;
  /** Of every pod on the device; none when it is free. */
  readonly loads: readonly Load[];
  /** Tells devices apart in the noise. */
  readonly device: string;
  readonly seed: string;
  /** Seconds since 1970. */
  readonly second: number;
  /** The part of the GPU's memory that the device has, 0…1. */
  readonly memoryShare: number;
}

/** A burst and the pause after it, in seconds. */
const BURST_SECONDS = 20;

/** A reading that is the same for the same question, so that a run can be repeated. */
export function readingOf(question: LoadQuestion): Reading {
  const { model, loads } = question;
  const engine = Math.max(0, ...loads.map((load) => activity(load, question)));
  const floor = loads.length === 0 ? model.idleWatts : model.contextWatts;
  // Within 2 %, which is what board sensors scatter at rest.
  const scatter = 1 + 0.02 * (2 * noise(question, 'power') - 1);
  const power = (floor + engine * (model.boardWatts - floor) * 0.85) * scatter;
  const memory = model.memoryMiB * question.memoryShare;
  const reserved = Math.round(memory * 0.008);
  const used = Math.round(loads.length === 0 ? 4 : memory * (engine > 0.01 ? 0.72 : 0.31));
  return {
    engine: round(engine, 6),
    util: engine < 0.005 ? 0 : Math.min(100, Math.round(engine * 100) + 2),
    tensor: round(engine * 0.42, 6),
    dram: round(engine * 0.37, 6),
    memoryCopy: Math.round(engine * 35),
    power: round(power, 3),
    temperature: Math.round(31 + (45 * power) / model.boardWatts),
    smClock: engine < 0.005 ? 345 : 1755,
    memoryClock: engine < 0.005 && loads.length === 0 ? 405 : 2619,
    xid: 0,
    memoryUsed: used,
    memoryReserved: reserved,
    memoryFree: Math.max(0, Math.round(memory) - used - reserved),
  };
}

function activity(load: Load, question: LoadQuestion): number {
  // A tenth up or down, as the step of a training loop or the next batch of requests makes it.
  const scatter = 0.9 + 0.2 * noise(question, 'engine');
  if (load !== 'bursty') return Math.min(0.99, load * scatter);
  const phase = Math.floor(BURST_SECONDS * noise({ ...question, second: 0 }, 'phase'));
  return Math.floor((question.second + phase) / BURST_SECONDS) % 2 === 0 ? 0.9 * scatter : 0;
}

/** Between 0 and 1, by hash. */
function noise({ seed, device, second }: LoadQuestion, what: string): number {
  const digest = createHash('sha1').update(`${seed}/${device}/${second}/${what}`).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
