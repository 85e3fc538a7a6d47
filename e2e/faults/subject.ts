import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A program to put to the test. */
export interface SubjectSpec {
  /** Its command line; the kubeconfig that it is to use is in it. */
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** What it logs once it works. */
  readonly leadsWhen: string;
  /** Where its output goes. */
  readonly log: string;
}

const START_MILLIS = 60_000;
const STOP_MILLIS = 45_000;
const POLL_MILLIS = 20;
/** Words in the log that no fault excuses: errors that nobody caught, and programming errors in a pass. */
const unexcused = /nobody caught|nobody handled|programming error|Unhandled|UnhandledPromiseRejection/;

/** The operator under test: started again whenever it ends, as a Deployment would. */
export class Subject {
  readonly #spec: SubjectSpec;
  readonly #log: WriteStream;
  readonly #onStart: () => void;
  #child: ChildProcess | undefined;
  #leads = false;
  #killing = false;
  #stopping = false;
  #away = false;
  #failure: Error | undefined;
  #restart: Promise<void> | undefined;
  /** What went wrong without a fault: exits that nobody caused, and words in the log. */
  readonly crashes: string[] = [];

  constructor(spec: SubjectSpec, onStart: () => void) {
    this.#spec = spec;
    this.#onStart = onStart;
    this.#log = createWriteStream(spec.log, { flags: 'a' });
    process.once('exit', this.#endWithUs);
  }

  /** A checker that is interrupted leaves no program behind that works on without it. */
  readonly #endWithUs = (): void => void this.#child?.kill('SIGKILL');

  /** Starts it and waits until it works. */
  async start(): Promise<void> {
    this.#leads = false;
    this.#killing = false;
    this.#onStart();
    const [command, ...args] = this.#spec.argv;
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#spec.env },
    });
    this.#child = child;
    let tail = '';
    const read = (chunk: Buffer): void => {
      this.#log.write(chunk);
      const text = tail + chunk.toString();
      if (text.includes(this.#spec.leadsWhen)) this.#leads = true;
      const line = text.split('\n').find((each) => unexcused.test(each));
      if (line !== undefined) this.crashes.push(line.slice(0, 500));
      tail = line === undefined ? text.slice(-200) : '';
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code, signal) => this.#ended(child, `ended with ${code ?? signal}`));
    const deadline = Date.now() + START_MILLIS;
    while (!this.#leads && this.#child === child) {
      if (Date.now() > deadline) throw new Error(`the program does not work after 60 s; see ${this.#spec.log}`);
      await delay(POLL_MILLIS);
    }
  }

  /** Kills it as a crash would. It is started again by itself, unless it is to stay away. */
  kill(stay?: 'away'): void {
    this.#killing = true;
    this.#away = stay === 'away';
    this.#child?.kill('SIGKILL');
  }

  /** Starts it again after it stayed away. */
  async comeBack(): Promise<void> {
    while (this.#child !== undefined) await delay(POLL_MILLIS);
    this.#away = false;
    await this.start();
  }

  /** Resolves once it works, through as many restarts as it takes. */
  async working(): Promise<void> {
    while (!this.isWorking()) {
      await this.#restart;
      await delay(POLL_MILLIS);
    }
  }

  /** Whether it works now. Throws when it could not be started again. */
  isWorking(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#leads && !this.#killing;
  }

  /** Its process number. */
  pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#restart;
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MILLIS);
      await gone;
      clearTimeout(late);
    }
    process.off('exit', this.#endWithUs);
    this.#log.end();
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#leads = false;
    if (this.#stopping || this.#away) return;
    if (!this.#killing) this.crashes.push(how);
    this.#restart = this.start().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
  }
}
