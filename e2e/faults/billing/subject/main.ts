/**
 * The process under test: the operator's own metering controller, sealer, freezing and sender on a real database and a
 * real connection to the peer, one step at a time when the checker says so. What is the checker's is the list of pods,
 * the time, and the points at which the process stops.
 */
import { freezeSealed } from '../../../../operator/billing/index.ts';
import { sendDue } from '../../../../operator/billing/outbox/index.ts';
import { createSinks, meterEventStream, stripeSink } from '../../../../operator/billing/sinks/index.ts';
import { Namespace, Node, Pod } from '../../../../operator/kube/index.ts';
import { meteringController, sealDue } from '../../../../operator/metering/testing/index.ts';
import { createLogger, systemClock } from '../../../../operator/observability/index.ts';
import { runPass, type Thing, thing } from '../../../../operator/runtime/testing/index.ts';
import { openStore, type Store } from '../../../../operator/store/index.ts';
import {
  type ClusterView,
  type Command,
  ownSenders,
  type Reply,
  type StepReply,
  type SubjectOptions,
} from '../protocol.ts';
import { sinkWithPoints, withPoints } from './decorate.ts';
import { fileMark, noMark } from './file-mark.ts';
import { listenForHooks } from './hooks.ts';
import { sendNaively } from './naive.ts';
import { createPoints } from './points.ts';
import { prepare } from './prepare.ts';
import { virtualTime } from './virtual-time.ts';

// The checker started this process with what it wrote itself.
const options = JSON.parse(process.argv[2] ?? '') as SubjectOptions;
const log = createLogger({ level: 'silent' });
const clock = virtualTime(options.clockFile);
const { signal } = new AbortController();
const points = createPoints();
const provider = 'stripe';
const graceSeconds = 120;
/** The checker's steps are minutes apart: nothing that a step begins may be left half done by this. */
const mostRounds = 10_000;

const keepsMark = ownSenders.has(options.sender);
const ingestion = options.sender === 'hourly' ? 'HourlySnapshot' : 'Delta';

async function open(): Promise<Subject> {
  const opened = await openStore({ ...options.database, log, clock: systemClock });
  await opened.migrate();
  const store = withPoints(opened, points);
  const connection = { key: 'sk_test_peer', endpoint: options.peer };
  const batch = options.sender === 'stream' ? meterEventStream(connection, clock) : undefined;
  const bare = stripeSink(connection, batch);
  const probe = await bare.probe();
  if (probe.kind !== 'ok') throw new Error(`the peer does not answer: ${probe.message}`);
  await bare.ensureMeters(probe.account, options.eventNames);
  const sink = sinkWithPoints(bare, points);
  const sinks = createSinks(clock);
  sinks.set(provider, sink, options.eventNames, 1000);
  const controller = meteringController(store);
  const mark = keepsMark ? fileMark(options.markFile) : noMark;
  const send = async (): Promise<number> =>
    options.sender === 'naive'
      ? await sendNaively(store, sink)
      : await sendDue({ store, clock, log, sinks, mark }, signal);
  const onSealed: typeof freezeSealed = async (trx, windows) => {
    points.reach('freeze');
    await freezeSealed(trx, windows);
  };
  const seal = async (): Promise<number> =>
    await sealDue({ store, clock, windowSeconds: 3600, graceSeconds, onSealed }, signal);
  const listen = (port: number, secret: string): Promise<() => Promise<number>> =>
    listenForHooks({ store, clock, log, points, peer: options.peer }, port, secret);
  return { store: opened, account: probe.account, controller, seal, send, listen, inbox: async () => 0 };
}

interface Subject {
  readonly store: Store;
  readonly account: string;
  readonly controller: ReturnType<typeof meteringController>;
  readonly seal: () => Promise<number>;
  readonly send: () => Promise<number>;
  readonly listen: (port: number, secret: string) => Promise<() => Promise<number>>;
  /** Works through the webhooks that came; nothing before the process listens. */
  inbox: () => Promise<number>;
}

async function step(subject: Subject, view: ClusterView): Promise<StepReply> {
  points.phase = 'pass';
  const released = await pass(subject, view);
  points.phase = 'seal';
  await untilNone(subject.seal);
  points.phase = 'send';
  await untilNone(subject.send);
  points.phase = 'inbox';
  await untilNone(subject.inbox);
  points.phase = 'idle';
  return { released, states: await states(subject.store), invoices: await invoices(subject.store) };
}

async function untilNone(work: () => Promise<number>): Promise<void> {
  for (let round = 0; round < mostRounds; round += 1) if ((await work()) === 0) return;
}

/** A pass of the metering controller on the cluster as it is; names of the pods that it let go. */
async function pass({ controller }: Subject, view: ClusterView): Promise<readonly string[]> {
  const { acts, result } = await runPass(controller, { world: thingsOf(view), now: new Date(clock.now()) });
  if (result.result === 'error') throw result.error;
  return acts.flatMap((act) =>
    act.act === 'patch' && act.kind === 'pods' ? [act.key.slice(act.key.indexOf('/') + 1)] : [],
  );
}

function thingsOf({ namespaces, nodes, pods }: ClusterView): readonly Thing[] {
  return [
    ...namespaces.map((one) => thing(Namespace, one as Namespace)),
    ...nodes.map((one) => thing(Node, one as Node)),
    ...pods.map((one) => thing(Pod, one as Pod)),
  ];
}

async function states({ db }: Store): Promise<Readonly<Record<string, number>>> {
  const rows = await db
    .selectFrom('outbox')
    .select(['state', ({ fn }) => fn.countAll<bigint>().as('count')])
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

async function invoices({ db }: Store): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('invoice_mirror')
    .select(['invoice', 'status', 'total'])
    .orderBy('invoice')
    .execute();
  return rows.map(({ invoice, status, total }) => `${invoice} ${status} ${total}`);
}

async function obey(subject: Subject, command: Command): Promise<Reply> {
  if (command.kind === 'prepare') {
    await prepare(subject.store, { account: subject.account, ingestion }, command.payers, command.skus);
    return { kind: 'ready' };
  }
  if (command.kind === 'listen') {
    subject.inbox = await subject.listen(command.port, command.secret);
    return { kind: 'ready' };
  }
  points.arm(command.halt);
  return { kind: 'done', step: await step(subject, command.view) };
}

function failure(error: unknown): Reply {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return { kind: 'failed', code, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

const say = (reply: Reply): void => void process.send?.(reply);
process.on('disconnect', () => process.exit(0));
try {
  const subject = await open();
  process.on('message', (command: Command) => {
    obey(subject, command).catch(failure).then(say);
  });
  say({ kind: 'ready' });
} catch (error) {
  process.send?.(failure(error), () => process.exit(1));
}
