import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { programsIn } from '../../cluster/binaries.ts';
import { freePorts } from '../../cluster/network.ts';
import { isAlive, type ProcessRecord, readProcess, startProcess, stopProcess } from '../../cluster/processes.ts';
import type { Progress } from '../../cluster/progress.ts';
import { bundleEntry } from '../../image/bundle.ts';
import { until } from '../api.ts';
import { type MetricsPage, metricsOf, pageOf } from '../metrics.ts';
import { type ProcessUse, processUse } from '../proc.ts';

/** Our runtime, or controller-runtime. */
export type SideName = 'ours' | 'theirs';

/** One of the two operators; each start is a process of its own. */
export interface Side {
  readonly name: SideName;
  /** Starts it; resolves, with the seconds since then, once all its caches are complete. */
  start(signal: AbortSignal): Promise<number>;
  /** Ends it in order; nothing happens when it does not run. */
  stop(): Promise<void>;
  use(): ProcessUse;
  metrics(): Promise<MetricsPage>;
}

const here = import.meta.dirname;
/** Passes at once, on both sides. */
export const CONCURRENCY = 16;
/** As in config/manager; GPUOPT_BENCH_NODE_OPTIONS replaces it, for profiles. */
export const NODE_OPTIONS = process.env.GPUOPT_BENCH_NODE_OPTIONS ?? '--max-semi-space-size=8';

const START_MILLIS = 300_000;
const POLL_MILLIS = 20;
const GRACE_MILLIS = 40_000;
const baseline = {
  name: 'runtime-go',
  sources: join(here, '../runtime-go'),
  module: { version: 'v0.25.2', targets: [{ package: '.', program: 'runtime-go' }], usualSeconds: 240 },
};

/** Our operator, bundled as the image's is; `folder` takes the bundle. */
export async function ourSide(stateDir: string, kubeconfig: string): Promise<Side> {
  const out = join(stateDir, 'bundle');
  await bundleEntry({ operator: join(here, '../runtime-ts/main.ts') }, out);
  return side('ours', stateDir, kubeconfig, [process.execPath, join(out, 'operator.mjs')], { NODE_OPTIONS });
}

/** The baseline, built from its pinned modules first if this machine has not built it yet. Throws ClusterError. */
export async function buildBaseline(progress: Progress): Promise<string> {
  return join(await programsIn(baseline, progress), 'runtime-go');
}

/** The baseline as a side. */
export function theirSide(stateDir: string, kubeconfig: string, program: string): Side {
  return side('theirs', stateDir, kubeconfig, [program], {});
}

function side(
  name: SideName,
  stateDir: string,
  kubeconfig: string,
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Side {
  const log = join(stateDir, 'logs', `${name}.log`);
  let running: ProcessRecord | undefined;
  let port = 0;
  return {
    name,
    async start(signal) {
      await rm(log, { force: true });
      ({ port } = await freePorts(['port']));
      const flags = [`--kubeconfig=${kubeconfig}`, `--address=127.0.0.1:${port}`, `--concurrency=${CONCURRENCY}`];
      const began = performance.now();
      const started = await startProcess(stateDir, { name, argv: [...command, ...flags], env });
      running = started;
      const ready = async (): Promise<true | undefined> => {
        if (!isAlive(started)) throw new Error(`${name} ended: ${existsSync(log) ? tail(log) : 'without a word'}`);
        // Nobody listens at first.
        const answer = await pageOf(port, 'readyz').catch(() => undefined);
        return answer?.ok === true ? true : undefined;
      };
      await until(`${name} has complete caches`, START_MILLIS, signal, ready, POLL_MILLIS);
      return (performance.now() - began) / 1000;
    },
    async stop() {
      const record = await readProcess(stateDir, name);
      running = undefined;
      if (record !== undefined) await stopProcess(stateDir, record, GRACE_MILLIS);
    },
    use() {
      if (running === undefined) throw new Error(`${name} is not running`);
      return processUse(running.pid);
    },
    metrics: () => metricsOf(port),
  };
}

function tail(log: string): string {
  return readFileSync(log, 'utf8').slice(-2000);
}
