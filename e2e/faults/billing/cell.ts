/** One cell of the matrix: a world, a process that is broken at a point, and how things go on afterwards. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { judge, type States, type Verdict } from './judge.ts';
import { type Expiry, type Provider, startProvider } from './peer.ts';
import { describe, Subject, SubjectFailed } from './process.ts';
import type { Halt, SenderName, StepReply, SubjectOptions } from './protocol.ts';
import { SharedTime } from './shared-time.ts';
import { eventNames, integral, prefixOf, viewAt, type World } from './world.ts';

/** How things go on after a process was broken. */
export const recoveries = ['soon', '25h', 'replica'] as const;

/** One of them: a new process within a minute; one after 25 hours; a replica that waited. */
export type Recovery = (typeof recoveries)[number];

/** What a cell needs. */
export interface CellSetup {
  /** Path of the program under test. */
  readonly program: string;
  readonly world: World;
  readonly database: SubjectOptions['database'];
  readonly expiry: Expiry;
  readonly sender: SenderName;
}

const minute = 60_000;
/** The checker looks at the world this often; nothing in the operator waits longer between two tries. */
export const stepMillis = 20 * minute;
/** Steps after the end of the world until all must be settled: the last hour, its grace, and a read-back. */
const mostSteps = 60;
const moving = ['PENDING', 'SENDING', 'UNKNOWN'];

/** How long nobody works, by recovery. */
const pauses: Readonly<Record<Recovery, number>> = { soon: minute / 2, '25h': 25 * 60 * minute, replica: minute / 3 };

/** A running cell. */
export class Cell {
  readonly time: SharedTime;
  readonly provider: Provider;
  readonly #markFile: string;
  readonly #setup: CellSetup;
  readonly #released = new Set<string>();
  readonly #subjects: Subject[] = [];
  states: States = {};
  invoices: readonly string[] = [];

  private constructor(setup: CellSetup, time: SharedTime, provider: Provider) {
    this.#setup = setup;
    this.time = time;
    this.provider = provider;
    this.#markFile = `${time.file}-mark`;
  }

  /** Opens the time and the provider of a cell. */
  static async open(setup: CellSetup): Promise<Cell> {
    const time = new SharedTime(join(tmpdir(), `gpuopt-time-${randomUUID()}`), setup.world.begin);
    const cell = new Cell(setup, time, await startProvider(setup.world, time, setup.expiry));
    await writeFile(cell.#markFile, '0');
    return cell;
  }

  /** Starts a process and does not wait for it. */
  launch(): Subject {
    const subject = Subject.launch(this.#setup.program, this.#options);
    this.#subjects.push(subject);
    return subject;
  }

  get #options(): SubjectOptions {
    const { database, sender, world } = this.#setup;
    const files = { clockFile: this.time.file, markFile: this.#markFile };
    return { database, sender, ...files, peer: this.provider.url, eventNames: eventNames(world, prefixOf(sender)) };
  }

  get sender(): SenderName {
    return this.#setup.sender;
  }

  /** A new process; with `prepare`, it states prices and payers. */
  async start(prepare: 'prepare' | 'as-it-is' = 'as-it-is'): Promise<Subject> {
    const subject = this.launch();
    await subject.ready();
    if (prepare === 'as-it-is') return subject;
    const { payers, skus } = this.#setup.world;
    const outcome = await subject.ask({ kind: 'prepare', payers, skus });
    if (outcome.kind !== 'ready') throw new SubjectFailed(`prices could not be stated: ${describe(outcome)}`);
    return subject;
  }

  /** The command of a step at this time. */
  command(halt?: Halt): { readonly kind: 'step'; readonly view: ReturnType<typeof viewAt>; readonly halt?: Halt } {
    return { kind: 'step', view: viewAt(this.#setup.world, this.time.now(), this.#released), halt };
  }

  /** Remembers what a step did. */
  note({ released, states, invoices }: StepReply): void {
    this.invoices = invoices;
    for (const name of released) this.#released.add(name);
    this.states = states;
  }

  /** Moves on by a step and does it. */
  async step(subject: Subject): Promise<StepReply> {
    this.time.advance(stepMillis);
    const done = await subject.step(this.command());
    this.note(done);
    return done;
  }

  /** Steps until `at` (milliseconds since 1970) is reached. */
  async runUntil(subject: Subject, at: number): Promise<void> {
    while (this.time.now() + stepMillis <= at) await this.step(subject);
  }

  /** The time that a recovery takes. */
  pause(recovery: Recovery): void {
    this.time.advance(pauses[recovery]);
  }

  /** Steps until the world is over, everything is sealed, and nothing is under way. */
  async finish(subject: Subject): Promise<Verdict> {
    await this.runUntil(subject, this.#setup.world.end + 2 * 60 * minute);
    for (let count = 0; count < mostSteps; count += 1) {
      await this.step(subject);
      if (!moving.some((state) => (this.states[state] ?? 0) > 0)) break;
    }
    // What the peer has taken is counted a little later.
    this.time.advance(10 * minute);
    const { world, sender } = this.#setup;
    const truth = integral(world, prefixOf(sender));
    return judge(truth, await this.provider.truth(), this.states, sender === 'hourly' ? 'newest' : 'each');
  }

  /** Ends the processes and the provider. */
  async close(): Promise<void> {
    for (const subject of this.#subjects) await subject.kill();
    await this.provider.close();
    for (const file of [this.time.file, this.#markFile]) await rm(file, { force: true });
  }
}
