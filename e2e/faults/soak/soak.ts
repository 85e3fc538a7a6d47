import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openApi } from '../../bench/api.ts';
import { processUse } from '../../bench/proc.ts';
import type { Cluster } from '../../cluster/index.ts';
import { type Api, openCheckerApi } from '../api.ts';
import { plantedTrials } from '../planted/trial.ts';
import { Subject } from '../subject.ts';
import { churn } from './churn.ts';
import { type Sample, type Slope, slopeOf } from './slope.ts';

/** How to soak. */
export interface SoakOptions {
  readonly millis: number;
  readonly toys: number;
  readonly say: (line: string) => void;
}

/** What a soak found. */
export interface SoakResult {
  readonly minutes: number;
  /** Watch events that the program took. */
  readonly events: number;
  readonly samples: readonly Sample[];
  readonly slope: Slope;
  /** The slope that one per cent in the events of an hour would be. */
  readonly limit: number;
  /** Whether the slope is surely not above the limit. */
  readonly flat: boolean;
}

const PROGRAM = 'sound';
const NAMESPACE = 'soak';
const WIDTH = 8;
const SAMPLE_MILLIS = 500;
/** Programs grow while they compile and fill their pools; what comes after this share of the samples is fitted. */
const WARM_UP = 0.2;
/** A busy cluster's changes of what one operator watches, by which events become hours. */
const EVENTS_PER_SECOND = 10;
const GROWTH_PER_HOUR = 0.01;
const SAY_EVERY = 60;

/** Churns under the sound planted program, which is made of the runtime and of nothing else, and measures it from outside. */
export async function soak(cluster: Cluster, options: SoakOptions, stop: AbortSignal): Promise<SoakResult> {
  const api = openCheckerApi(cluster.kubeconfig);
  try {
    const trials = await plantedTrials(cluster, api, [PROGRAM]);
    const trial = trials(PROGRAM);
    const folder = join(cluster.stateDir, 'soak');
    mkdirSync(folder, { recursive: true });
    const subject = new Subject(trial.subject(trial.credentials, folder), () => undefined);
    await subject.start();
    try {
      const samples = await measured(cluster, api, subject, options, stop);
      const [crash] = subject.crashes;
      if (crash !== undefined) throw new Error(`the program did not last: ${crash}`);
      return judge(samples, options.millis);
    } finally {
      await subject.stop();
    }
  } finally {
    await api.close();
  }
}

async function measured(
  cluster: Cluster,
  api: Api,
  subject: Subject,
  { millis, toys, say }: SoakOptions,
  stop: AbortSignal,
): Promise<readonly Sample[]> {
  const apiVersion = `${PROGRAM}.planted.gpuoptimizer.io/v1`;
  const collection = `/apis/${apiVersion}/namespaces/${NAMESPACE}/toys`;
  await api.apply('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  const over = new AbortController();
  const signal = AbortSignal.any([stop, over.signal]);
  const counter = { events: 0 };
  const counting = [`/apis/${apiVersion}/toys`, '/api/v1/configmaps'].map((path) =>
    count(cluster, path, counter, signal),
  );
  const churning = churn({ api, collection, apiVersion, namespace: NAMESPACE, toys, width: WIDTH }, signal);
  const samples: Sample[] = [];
  const end = Date.now() + millis;
  try {
    while (Date.now() < end) {
      await Promise.race([delay(SAMPLE_MILLIS, undefined, { signal: stop }), failed(churning)]);
      const pid = subject.pid();
      if (pid === undefined) throw new Error('the program ended');
      const sample = { events: counter.events, rssMiB: processUse(pid).rssMiB };
      samples.push(sample);
      if (samples.length % SAY_EVERY === 0) say(`${sample.events} events, ${sample.rssMiB.toFixed(1)} MiB`);
    }
  } finally {
    over.abort();
    await Promise.allSettled([churning, ...counting]);
  }
  return samples;
}

/** Rejects when the work does, and never resolves. */
async function failed(work: Promise<void>): Promise<never> {
  await work;
  return await new Promise<never>(() => undefined);
}

/** Counts the events of a collection as the program gets them; begins again when the server ends the watch. */
async function count(cluster: Cluster, path: string, counter: { events: number }, signal: AbortSignal): Promise<void> {
  const api = openApi(cluster.kubeconfig);
  try {
    while (!signal.aborted) {
      for await (const { type } of api.watch(`${path}?watch=true&resourceVersion=0`, signal)) {
        if (type !== 'BOOKMARK') counter.events += 1;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await api.close();
  }
}

function judge(samples: readonly Sample[], millis: number): SoakResult {
  const fitted = samples.slice(Math.floor(samples.length * WARM_UP));
  const slope = slopeOf(fitted);
  const base = fitted[0]?.rssMiB ?? 0;
  const limit = ((base * GROWTH_PER_HOUR) / (EVENTS_PER_SECOND * 3600)) * 100_000;
  const events = samples.at(-1)?.events ?? 0;
  return { minutes: millis / 60_000, events, samples, slope, limit, flat: slope.low <= limit };
}
