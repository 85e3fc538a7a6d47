import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, type ProcessRecord, readProcess, startProcess, stopProcess } from '../cluster/processes.ts';
import { until } from './api.ts';
import { metricsOf, pageOf } from './metrics.ts';
import { type ProcessUse, processUse } from './proc.ts';

/** The operator as a process of this machine, with the flags and the heap setting of config/manager. */
export interface Operator {
  /** Resolves once it leads and its caches are complete. */
  start(signal: AbortSignal): Promise<void>;
  /** Ends it in order; nothing happens when it does not run. */
  stop(): Promise<void>;
  /** What the process uses now. */
  use(): ProcessUse;
  pid(): number;
  /** One number of its metrics page by name; the sum where there are labels. */
  metric(name: string): Promise<number>;
}

const root = join(import.meta.dirname, '../..');
const NAME = 'operator';
const START_MILLIS = 120_000;
const GRACE_MILLIS = 40_000;
const ANY_PORT = '127.0.0.1:0';
/** As in config/manager/deployment.yaml; GPUOPT_BENCH_NODE_OPTIONS replaces it, for profiles. */
const NODE_OPTIONS = process.env.GPUOPT_BENCH_NODE_OPTIONS ?? '--max-semi-space-size=8';

/** An operator that belongs to the cluster of a state folder: whatever stops the cluster stops it too. */
export function createOperator(stateDir: string, kubeconfig: string): Operator {
  const log = join(stateDir, 'logs', `${NAME}.log`);
  let running: ProcessRecord | undefined;
  let port = 0;
  const pid = (): number => {
    if (running === undefined) throw new Error('the operator is not running');
    return running.pid;
  };
  return {
    async start(signal) {
      // Each start has a log and a database of its own, so that rounds are alike.
      await rm(log, { force: true });
      const args = ['run', '--kubeconfig', kubeconfig, '--data-dir', join(stateDir, 'operator-data')];
      for (const flag of ['--metrics-address', '--api-address', '--jobs-address']) args.push(flag, ANY_PORT);
      const started = await startProcess(stateDir, {
        name: NAME,
        argv: [join(root, 'operator/cli/gpuopt'), ...args],
        env: { NODE_OPTIONS },
      });
      running = started;
      port = await until('the operator leads', START_MILLIS, signal, async () => {
        const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
        if (!isAlive(started)) throw new Error(`the operator ended: ${text.slice(-2000)}`);
        return text.includes('"msg":"leading"') ? portIn(text) : undefined;
      });
      await until('the operator is ready', START_MILLIS, signal, async () =>
        (await pageOf(port, 'readyz')).ok ? true : undefined,
      );
    },
    async stop() {
      const record = await readProcess(stateDir, NAME);
      running = undefined;
      if (record !== undefined) await stopProcess(stateDir, record, GRACE_MILLIS);
    },
    use: () => processUse(pid()),
    pid,
    async metric(name) {
      const page = await metricsOf(port);
      if (!page.has(name)) throw new Error(`the operator has no metric ${name}`);
      return page.sum(name);
    },
  };
}

function portIn(log: string): number | undefined {
  const line = log.split('\n').find((each) => each.includes('serving metrics and health'));
  const port = Number(/"port":(\d+)/.exec(line ?? '')?.[1]);
  return port > 0 ? port : undefined;
}
