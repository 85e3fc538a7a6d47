/** An operator within the test, whose log and probes can be read, and which can be started again in a second. */
import { createRegistry, type Logger, type Registry } from '../../../operator/observability/index.ts';
import { createManager, loadCluster, type Manager, type Room } from '../../../operator/runtime/index.ts';
import { until } from '../../../operator/runtime/testing/index.ts';

/** How it is made: anew for each start, as a process would be. */
export interface OperatorOptions {
  readonly kubeconfig: string;
  readonly leaderElection: { readonly namespace: string; readonly name: string };
  readonly rooms: (log: Logger, registry: Registry) => readonly Room[];
}

/** One operator, run as often as it is started. */
export class Operator {
  readonly #options: OperatorOptions;
  #lines: string[] = [];
  #manager: Manager | undefined;
  #registry: Registry = createRegistry();
  #stop: () => Promise<void> = async () => undefined;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /** Starts it, stopping the one before; resolves when it serves probes. */
  async start(): Promise<void> {
    await this.stop();
    const { kubeconfig, leaderElection, rooms } = this.#options;
    this.#lines = [];
    this.#registry = createRegistry();
    const log = collector(this.#lines);
    const manager = createManager({
      cluster: await loadCluster({ kubeconfig }),
      rooms: rooms(log, this.#registry),
      log,
      registry: this.#registry,
      http: { port: 0, host: '127.0.0.1' },
      leaderElection: { ...leaderElection, identity: 'operator' },
    });
    const end = new AbortController();
    const ended = manager.run(end.signal).catch((error: unknown) => this.#lines.push(String(error)));
    this.#manager = manager;
    this.#stop = async () => {
      end.abort();
      await ended;
    };
    await until('the probes are served', () => manager.port() !== undefined);
  }

  async stop(): Promise<void> {
    await this.#stop();
    this.#stop = async () => undefined;
  }

  get leads(): boolean {
    return this.#manager?.leads() === true;
  }

  /** Forgets what was logged so far. */
  forgetLog(): void {
    this.#lines.length = 0;
  }

  /** Everything logged since, a line each, with the error's own words. */
  log(): string {
    return this.#lines.join('\n');
  }

  metrics(): Promise<string> {
    return this.#registry.metrics();
  }

  async readyz(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#manager?.port()}/readyz`)).text();
  }
}

function collector(lines: string[]): Logger {
  const write = (fields: object, message: string): void => {
    const error: unknown = Reflect.get(fields, 'err');
    lines.push(error instanceof Error ? `${message} ${error.message}` : message);
  };
  const log: Logger = { debug: () => undefined, info: write, warn: write, error: write, child: () => log };
  return log;
}
