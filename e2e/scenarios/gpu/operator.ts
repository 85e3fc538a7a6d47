import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = join(import.meta.dirname, '../../..');
/** The command from a checkout. */
export const gpuopt = join(root, 'operator/cli/gpuopt');
const READY_MS = 60_000;

/** The operator as a process of this machine, with a data folder that outlives its restarts. */
export class OperatorProcess {
  readonly #kubeconfig: string;
  readonly #more: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'gpuopt-scenario-'));
  readonly #log = join(this.#folder, 'operator.log');
  #child: ChildProcess | undefined;
  #starts = 0;

  /** `more` are further options of `gpuopt run`. */
  constructor(kubeconfig: string, more: readonly string[] = []) {
    this.#kubeconfig = kubeconfig;
    this.#more = more;
  }

  /** Starts it and waits until it leads; rejects with the end of its log when it ends instead. */
  async start(): Promise<void> {
    const output = openSync(this.#log, 'a');
    const anyPort = '127.0.0.1:0';
    const args = ['run', '--kubeconfig', this.#kubeconfig, '--data-dir', join(this.#folder, 'store')];
    args.push(
      '--leader-election',
      'off',
      '--metrics-address',
      anyPort,
      '--api-address',
      anyPort,
      '--jobs-address',
      anyPort,
      ...this.#more,
    );
    const child = spawn(gpuopt, args, { stdio: ['ignore', output, output] });
    this.#child = child;
    this.#starts += 1;
    const deadline = Date.now() + READY_MS;
    while (this.log().split('"msg":"leading"').length <= this.#starts) {
      if (child.exitCode !== null)
        throw new Error(`the operator ended with ${child.exitCode}: ${this.log().slice(-2000)}`);
      if (Date.now() > deadline) throw new Error(`the operator does not lead: ${this.log().slice(-2000)}`);
      await delay(50);
    }
  }

  /** Kills it as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops it in order and removes its folder. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Everything it has logged. */
  log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

/** Calls until the answer is not undefined; rejects with what was waited for. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`within ${timeoutMs / 1000} s this did not happen: ${what}`);
    await delay(250);
  }
}
