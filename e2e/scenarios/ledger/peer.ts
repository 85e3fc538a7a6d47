import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const script = join(import.meta.dirname, '../../peers/stripe/main.ts');

/** What the Stripe peer has counted. */
export interface Truth {
  readonly events: readonly { readonly identifier: string; readonly value: string; readonly rejected?: string }[];
  readonly sums: readonly { readonly customer: string; readonly eventName: string; readonly value: string }[];
}

/** The Stripe peer as a process of its own. */
export class PeerProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Starts it with these customers and waits for its address. */
  static async start(customers: readonly string[]): Promise<PeerProcess> {
    const flags = customers.flatMap((customer) => ['--customer', customer]);
    const child = spawn(process.execPath, [script, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const url: unknown = Reflect.get(Object(JSON.parse(String(line))), 'url');
    if (typeof url !== 'string') throw new Error(`the peer said no address: ${String(line)}`);
    return new PeerProcess(url, child);
  }

  /** Sends to one of the peer's own routes. */
  async control(path: string, body: object): Promise<void> {
    const response = await fetch(`${this.url}/_peer/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the peer refused ${path}: ${await response.text()}`);
  }

  /** Everything it has counted. */
  async truth(): Promise<Truth> {
    const response = await fetch(`${this.url}/_peer/truth`);
    return JSON.parse(await response.text());
  }

  /** Ends it. */
  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}
