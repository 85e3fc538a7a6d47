import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, gpuopt } from '../gpu/operator.ts';

const READY_MS = 90_000;

/** One of several operators on one database, as a process that can be killed. */
export class Replica {
  readonly #log: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  constructor(folder: string, name: string, args: readonly string[]) {
    const any = '127.0.0.1:0';
    this.#log = join(folder, `${name}.log`);
    this.#args = ['run', ...args, '--metrics-address', any, '--api-address', any, '--jobs-address', any];
  }

  /** Starts it and waits until it is Ready, leader or not. */
  async start(): Promise<void> {
    const output = openSync(this.#log, 'a');
    const child = spawn(gpuopt, this.#args, { stdio: ['ignore', output, output] });
    this.#child = child;
    await eventually(
      'the replica is Ready',
      async () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${this.#tail()}`);
        return (await this.readiness()).status === 200 ? true : undefined;
      },
      READY_MS,
    );
  }

  /** What /readyz answers; status 0 while nothing listens. */
  async readiness(): Promise<{ readonly status: number; readonly text: string }> {
    const port = this.#port('serving metrics and health');
    if (port === undefined) return { status: 0, text: '' };
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(10_000) });
    return { status: response.status, text: await response.text() };
  }

  /** The address of its usage API. */
  get server(): string {
    return `http://127.0.0.1:${this.#port('serving usage') ?? 0}`;
  }

  /** Whether it has said that it leads. */
  leads(): boolean {
    return readFileSync(this.#log, 'utf8').includes('"msg":"leading"');
  }

  /** Sends a signal and answers the exit code, null after SIGKILL. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    return child.exitCode;
  }

  #port(says: string): string | undefined {
    const lines = readFileSync(this.#log, 'utf8').split('\n');
    const line = lines.find((each) => each.includes(`"${says}"`));
    return line === undefined ? undefined : /"port":(\d+)/.exec(line)?.[1];
  }

  #tail(): string {
    return readFileSync(this.#log, 'utf8').slice(-2000);
  }
}
