import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { UsageAnswer } from '../../../operator/billing/index.ts';
import { eventually, gpuopt } from '../gpu/operator.ts';

const READY_MS = 60_000;

/** The operator as a process that can be killed, with short usage windows and a data folder that outlives it. */
export class LedgerOperator {
  readonly folder = mkdtempSync(join(tmpdir(), 'gpuopt-ledger-'));
  readonly dataDir = join(this.folder, 'store');
  readonly #log = join(this.folder, 'operator.log');
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #starts = 0;

  constructor(kubeconfig: string, windowSeconds: number) {
    const any = '127.0.0.1:0';
    this.#args = [
      ...['run', '--kubeconfig', kubeconfig, '--data-dir', this.dataDir, '--leader-election', 'off'],
      ...['--metrics-address', any, '--api-address', any, '--jobs-address', any],
      ...['--window-seconds', String(windowSeconds), '--seal-grace-seconds', '2'],
    ];
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it and waits until it serves usage. */
  async start(): Promise<void> {
    const output = openSync(this.#log, 'a');
    const child = spawn(gpuopt, this.#args, { stdio: ['ignore', output, output] });
    this.#child = child;
    this.#starts += 1;
    const deadline = Date.now() + READY_MS;
    while (this.#ports().length < this.#starts) {
      if (child.exitCode !== null) throw new Error(`the operator ended with ${child.exitCode}: ${this.#tail()}`);
      if (Date.now() > deadline) throw new Error(`the operator does not serve usage: ${this.#tail()}`);
      await delay(50);
    }
  }

  /** Starts a second one with the same arguments; it should not come up. */
  async startSecond(): Promise<{ readonly code: number | null; readonly output: string }> {
    const child = spawn(gpuopt, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = await once(child, 'close');
    return { code: typeof code === 'number' ? code : null, output };
  }

  /** Ends it: SIGKILL as a crash would, SIGTERM in order. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Stops it and removes its folder. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The address of its usage API. */
  get server(): string {
    return `http://127.0.0.1:${this.#ports().at(-1) ?? 0}`;
  }

  /** Asks it for a tenant's usage since the beginning of 2026. */
  async usage(tenant: string): Promise<UsageAnswer> {
    const query = new URLSearchParams({ tenant, from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' });
    const response = await fetch(`${this.server}/api/v1/usage?${query}`);
    if (!response.ok) throw new Error(`usage answered ${response.status}: ${await response.text()}`);
    return JSON.parse(await response.text());
  }

  /** A tenant's usage once everything before `time` (milliseconds since 1970) is sealed. */
  async sealedUsage(tenant: string, time: number): Promise<UsageAnswer> {
    return await eventually(
      `usage is sealed through ${new Date(time).toISOString()}`,
      async () => {
        const answer = await this.usage(tenant);
        return answer.sealedThrough !== null && Date.parse(answer.sealedThrough) >= time ? answer : undefined;
      },
      90_000,
    );
  }

  #ports(): readonly string[] {
    const lines = readFileSync(this.#log, 'utf8').split('\n');
    return lines.flatMap((line) => (line.includes('"serving usage"') ? (/"port":(\d+)/.exec(line)?.[1] ?? []) : []));
  }

  #tail(): string {
    return readFileSync(this.#log, 'utf8').slice(-2000);
  }
}
