import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import type { Command, Reply, StepReply, SubjectOptions } from './protocol.ts';

/** What a command came to: an answer, or the process's own end or halt. */
export type Outcome = Reply | { readonly kind: 'died' } | { readonly kind: 'stopped' };

/** The process under test did what it may not: it hung, or ended by itself. */
export class SubjectFailed extends Error {
  override readonly name = 'SubjectFailed';
  readonly code = 'SUBJECT_FAILED';
}

/** Patience with a machine that is busy with other things. */
const patienceMillis = 180_000;
const pollMillis = 10;

/** A process under test. */
export class Subject {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  #replies: Reply[] = [];
  #wake: () => void = () => undefined;

  private constructor(program: string, options: SubjectOptions) {
    this.#child = fork(program, [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    this.#gone = once(this.#child, 'exit');
    this.#child.on('message', (reply: Reply) => {
      this.#replies.push(reply);
      this.#wake();
    });
    this.#child.on('exit', () => this.#wake());
  }

  /** Starts the program and does not wait. */
  static launch(program: string, options: SubjectOptions): Subject {
    return new Subject(program, options);
  }

  /** Waits until the process has the store open and takes commands. */
  async ready(): Promise<void> {
    const outcome = await this.outcome();
    if (outcome.kind !== 'ready') throw new SubjectFailed(`the process did not start: ${describe(outcome)}`);
  }

  /** Gives a command and waits for what it comes to. */
  async ask(command: Command): Promise<Outcome> {
    this.send(command);
    return await this.outcome();
  }

  /** Gives a step and expects it to be done. */
  async step(command: Extract<Command, { kind: 'step' }>): Promise<StepReply> {
    const outcome = await this.ask(command);
    if (outcome.kind === 'done') return outcome.step;
    throw new SubjectFailed(`a step was not done: ${describe(outcome)}`);
  }

  /** Gives a command and does not wait. */
  send(command: Command): void {
    this.#child.send(command);
  }

  /** The next answer; or that the process is gone, or has stopped itself. */
  async outcome(): Promise<Outcome> {
    const until = performance.now() + patienceMillis;
    while (performance.now() < until) {
      const reply = this.#replies.shift();
      if (reply !== undefined) return reply;
      if (this.#hasEnded) return { kind: 'died' };
      if (this.#isStopped) return { kind: 'stopped' };
      await this.#news();
    }
    throw new SubjectFailed(`the process did not answer within ${patienceMillis / 1000} s`);
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  /** Ends the process without giving it a chance, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** State T of /proc: stopped by a signal. */
  get #isStopped(): boolean {
    try {
      const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
        return false;
      throw error;
    }
  }

  async #news(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, delay(pollMillis)]);
  }
}

/** An outcome in words. */
export function describe(outcome: Outcome): string {
  return outcome.kind === 'failed' ? `${outcome.code}: ${outcome.message}` : outcome.kind;
}
