import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Clock, createLogger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { type Mailer, smtpMailer } from '../mail/smtp.ts';
import { configHash, mounts, type RunConfig, type StepConfig } from '../run/config.ts';
import type { RunStore } from '../run/contract.ts';
import { directRunStore } from '../run/direct.ts';
import { registerJobs } from '../run/jobs.ts';
import type { RunDeps } from '../run/walk.ts';

/** A clock that a test moves; sleeping moves it. */
export interface TestClock extends Clock {
  advance(millis: number): void;
}

/** A clock that starts at `start`; a sleep ends at once, having moved it. */
export function testClock(start: Date): TestClock {
  let now = start.getTime();
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async (millis, signal) => {
      signal?.throwIfAborted();
      // A heartbeat's sleep must not move time: only the walk's own short waits do.
      if (millis >= 15_000 && millis < 25_000) return new Promise((_resolve, reject) => onAbort(signal, reject));
      now += millis;
      await new Promise((resolve) => setImmediate(resolve));
    },
    advance: (millis) => {
      now += millis;
    },
  };
}

function onAbort(signal: AbortSignal | undefined, reject: (reason: unknown) => void): void {
  signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
}

/** One campaign in a store, with its mounted inputs in a folder. */
export interface GrowthWorld {
  readonly config: RunConfig;
  readonly clock: TestClock;
  readonly store: Store;
  readonly runs: RunStore;
  /** Registers a Job for the period and answers its uid. */
  job(name: string, period?: string): Promise<string>;
  /** What a run with the Job's uid needs. */
  deps(jobUid: string, changes?: Partial<RunDeps>): RunDeps;
  write(path: string, text: string): Promise<void>;
  close(): Promise<void>;
}

/** The CSV of `count` people with consent. */
export function csvOf(count: number): string {
  const rows = Array.from(
    { length: count },
    (_, index) => `person${index}@example.com,Person ${index},yes,2026-01-05T10:00:00Z,signup form`,
  );
  return ['email,name,consent,consent_time,source', ...rows].join('\n');
}

/** A world whose campaign imports `people` contacts and writes to them through the mail server at `port`. */
export async function growthWorld(
  store: Store,
  options: {
    readonly people: number;
    readonly port: number;
    readonly steps?: readonly StepConfig[];
    readonly change?: Partial<RunConfig>;
  },
): Promise<GrowthWorld> {
  const root = await mkdtemp(join(tmpdir(), 'gpuopt-growth-'));
  const clock = testClock(new Date('2026-12-01T06:15:00Z'));
  const config: RunConfig = { ...campaign(options.port, options.steps), ...options.change };
  const runs = directRunStore({ db: store.db, clock });
  const write = async (path: string, text: string): Promise<void> => {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  await write(mounts.csv('import'), csvOf(options.people));
  await write(mounts.template('mail'), 'Hello {{ contact.name }},\n\nyour GPUs wait: {{ unsubscribeUrl }}');
  return {
    config,
    clock,
    store,
    runs,
    write,
    job: async (name, period = '2026-12-01') => {
      const jobUid = `${name}-${config.uid}`;
      const { namespace, uid: campaignUid } = config;
      const job = {
        jobUid,
        jobName: `job-${name}`,
        namespace,
        campaignUid,
        period,
        scheduledFor: new Date(clock.now()),
      };
      await registerJobs(store.db, [job], new Date(clock.now()));
      return jobUid;
    },
    deps: (jobUid, changes) => ({
      config,
      configHash: configHash(config),
      jobUid,
      claimant: `process-of-${jobUid}-${Math.random()}`,
      store: runs,
      clock,
      log: createLogger({ level: 'silent' }),
      mountRoot: root,
      openMailer: (channel, credentials): Mailer => smtpMailer(channel, credentials),
      signal: new AbortController().signal,
      ...changes,
    }),
    close: () => rm(root, { recursive: true, force: true }),
  };
}

function campaign(port: number, steps: readonly StepConfig[] | undefined): RunConfig {
  const channel = {
    name: 'mail',
    host: '127.0.0.1',
    port,
    tls: 'Disabled',
    from: 'GPU Cloud <team@example.com>',
    postalAddress: 'Example Ltd, 1 High St, Town',
    unsubscribeBaseURL: 'https://portal.example.com/unsubscribe',
    maxPerSecond: 1000,
    credentials: false,
  } as const;
  return {
    namespace: `growth-${crypto.randomUUID()}`,
    campaign: 'trial-idle',
    uid: `campaign-${crypto.randomUUID()}`,
    dryRun: false,
    lawfulBasis: 'Consent',
    topic: 'product-news',
    maxMessagesPerRun: 5000,
    steps: steps ?? [
      { name: 'import', type: 'LeadImport' },
      { name: 'mail', type: 'EmailSend', subject: 'Your idle GPUs, {{ contact.name }}', channel },
    ],
  };
}
