import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, type SmtpPeer, startSmtpPeer } from '../../../e2e/peers/smtp/index.ts';
import { systemClock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { testStores } from '../../store/testing/index.ts';
import { smtpMailer } from '../mail/smtp.ts';
import { dying } from '../testing/dying.ts';
import { csvOf, type GrowthWorld, growthWorld } from '../testing/world.ts';
import { mounts } from './config.ts';
import { Fenced, type RunStore } from './contract.ts';
import { latestRun } from './summary.ts';
import { type RunReport, walkRun } from './walk.ts';

const stores = testStores();
let peer: SmtpPeer;
let store: Store;
let world: GrowthWorld;

beforeAll(async () => {
  peer = await startSmtpPeer();
  const opened = await stores.open('pglite');
  if ('unavailable' in opened) throw new Error(opened.unavailable);
  store = opened;
});
afterAll(async () => {
  await peer.stop();
  await stores.close();
});
afterEach(() => world.close());

async function newWorld(
  people: number,
  options: Partial<Parameters<typeof growthWorld>[1]> = {},
): Promise<GrowthWorld> {
  world = await growthWorld(store, { people, port: peer.port, ...options });
  return world;
}

/** Mails that reached the server for this world's campaign since `from`. */
function arrivals(from: number): readonly string[] {
  return peer.messages.slice(from).flatMap((message) => message.envelope.to);
}

const people = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `person${index}@example.com`).toSorted();

/** Starts new Jobs for the same period until one ends with 0, with time for the leases to end between them. */
async function runUntilDone(here: GrowthWorld, first = 0): Promise<RunReport> {
  for (let attempt = first; attempt < first + 8; attempt += 1) {
    const report = await walkRun(here.deps(await here.job(`again-${attempt}`)));
    if (report.exit === 0) return report;
    here.clock.advance(61_000);
  }
  throw new Error('the campaign was not done after eight Jobs');
}

/** Where the process dies, seen from the `n`th mail. */
const crashPoints = [
  { name: 'before the mail is claimed', at: 'claimMessage', when: 'before', arrives: true },
  { name: 'after the claim, before the answer', at: 'claimMessage', when: 'after', arrives: false },
  { name: 'before the server is called', at: 'send', when: 'before', arrives: false },
  { name: 'after the server accepted, before the commit', at: 'send', when: 'after', arrives: true },
  { name: 'after the commit', at: 'recordDelivery', when: 'after', arrives: true },
  { name: 'in the import, before the batch', at: 'importContacts', when: 'before', arrives: true },
  { name: 'in the import, after the batch', at: 'importContacts', when: 'after', arrives: true },
  { name: 'before planning', at: 'planMessages', when: 'before', arrives: true },
  { name: 'after planning', at: 'planMessages', when: 'after', arrives: true },
  { name: 'before the step is committed', at: 'finishStep', when: 'before', arrives: true },
  { name: 'after the step is committed', at: 'finishStep', when: 'after', arrives: true },
  { name: 'before the end is committed', at: 'finish', when: 'before', arrives: true },
  { name: 'after the end is committed', at: 'finish', when: 'after', arrives: true },
] as const;

describe('a run', () => {
  test('imports, writes to each contact once, with what the law asks for', async () => {
    const here = await newWorld(3);
    const before = peer.messages.length;
    const report = await walkRun(here.deps(await here.job('first')));
    expect(report).toMatchObject({
      outcome: 'Succeeded',
      exit: 0,
      period: '2026-12-01',
      counts: { imported: 3, accepted: 3, skipped: 0 },
    });
    expect(arrivals(before).toSorted()).toEqual(people(3));
    const [mail] = peer.messages.slice(before);
    const link = /^Unsubscribe: (https:\/\/portal\.example\.com\/unsubscribe\/[\w.-]+)$/m.exec(mail?.text ?? '')?.[1];
    expect(mail?.headers['list-unsubscribe']?.replace(/\s+/g, '')).toBe(`<${link}>`);
    expect(mail?.headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click');
    expect(mail?.text).toContain('Example Ltd, 1 High St, Town');
    expect(mail?.messageId).toMatch(/^<[0-9a-f]{40}@example\.com>$/);
    const again = await walkRun(here.deps(await here.job('second')));
    expect(again).toMatchObject({ outcome: 'AlreadyDone', exit: 0 });
    expect(peer.messages.length).toBe(before + 3);
  });

  test('counts what a CSV lacks, by reason, and writes to nobody without consent', async () => {
    const here = await newWorld(0);
    const rows = [
      'email,name,consent,consent_time,source',
      'a@example.com,Ann,yes,2026-01-05T10:00:00Z,form',
      'A@Example.com,Ann again,yes,2026-01-05T10:00:00Z,form',
      'b@example.com,Ben,no,2026-01-05T10:00:00Z,form',
      'c@example.com,Cat,yes,,form',
      'd@example.com,Dan,yes,2026-01-05T10:00:00Z,',
      'not an address,Eve,yes,2026-01-05T10:00:00Z,form',
      'f@example.com,"Fay\r\nBcc: x@example.com",yes,2026-01-05T10:00:00Z,form',
      'g@example.com,Gil,other-topic,2026-01-05T10:00:00Z,form',
    ];
    await here.write(mounts.csv('import'), rows.join('\n'));
    const before = peer.messages.length;
    const report = await walkRun(here.deps(await here.job('csv')));
    expect(report.counts).toEqual({
      accepted: 1,
      imported: 2,
      overLimit: 0,
      refused: 6,
      'refused.duplicate': 1,
      'refused.invalidEmail': 1,
      'refused.invalidName': 1,
      'refused.noConsent': 1,
      'refused.noConsentTime': 1,
      'refused.noSource': 1,
      rows: 8,
      skipped: 1,
    });
    expect(arrivals(before)).toEqual(['a@example.com']);
  });

  test.each([
    { name: 'with its time', no: 'person0@example.com,,withdrawn,2026-02-01T10:00:00Z,crm' },
    { name: 'without a time or a source', no: 'Person0@Example.com,,no,,' },
  ])('a CSV that takes a consent back ends the mail, $name', async ({ no }) => {
    const here = await newWorld(2);
    await walkRun(here.deps(await here.job('first', '2026-12-01')));
    const before = peer.messages.length;
    // The old line stands in the file still, and after the new one.
    await here.write(mounts.csv('import'), csvOf(2).replace('\n', `\n${no}\n`));
    here.clock.advance(86_400_000);
    const report = await walkRun(here.deps(await here.job('second', '2026-12-02')));
    expect(report).toMatchObject({ outcome: 'Succeeded', counts: { accepted: 1, skipped: 1 } });
    here.clock.advance(86_400_000);
    await walkRun(here.deps(await here.job('third', '2026-12-03')));
    expect(arrivals(before)).toEqual(['person1@example.com', 'person1@example.com']);
    const withdrawals = await store.db
      .selectFrom('growth_consent_event as e')
      .innerJoin('growth_contact as c', 'c.id', 'e.contact_id')
      .select('e.kind')
      .where('c.namespace', '=', here.config.namespace)
      .where('e.kind', '=', 'withdrawn')
      .execute();
    expect(withdrawals).toHaveLength(1);
  });

  test('who takes his consent back in the file that brings him is never written to', async () => {
    const here = await newWorld(1);
    const no = 'person0@example.com,,no,2026-01-05T10:00:00Z,crm';
    await here.write(mounts.csv('import'), csvOf(1).replace('\n', `\n${no}\n`));
    const before = peer.messages.length;
    expect(await walkRun(here.deps(await here.job('once')))).toMatchObject({ counts: { skipped: 1 } });
    expect(arrivals(before)).toEqual([]);
  });

  test('a contact whose mail cannot be made does not keep the others from theirs', async () => {
    const here = await newWorld(0);
    const long = 'x'.repeat(200);
    const row = (at: number, name: string) => `person${at}@example.com,${name},yes,2026-01-05T10:00:00Z,form`;
    const rows = ['email,name,consent,consent_time,source', row(0, 'Ann'), row(1, long), row(2, 'Cat')];
    await here.write(mounts.csv('import'), rows.join('\n'));
    const [importing, mail] = here.config.steps;
    if (importing === undefined || mail?.type !== 'EmailSend') throw new Error('the world changed');
    const subject = '{{ contact.name }}, {{ contact.name }}, {{ contact.name }}';
    const config = { ...here.config, steps: [importing, { ...mail, subject }] };
    const before = peer.messages.length;
    const report = await walkRun(here.deps(await here.job('poison'), { config }));
    expect(report).toMatchObject({ outcome: 'Succeeded', counts: { accepted: 2, rejected: 1 } });
    expect(arrivals(before).toSorted()).toEqual(['person0@example.com', 'person2@example.com']);
  });

  test('a dry run sends nothing, and does not use up the period', async () => {
    const here = await newWorld(4, { change: { dryRun: true } });
    const before = peer.messages.length;
    const dry = await walkRun(here.deps(await here.job('dry')));
    expect(dry).toMatchObject({ exit: 0, period: 'dryrun/2026-12-01', counts: { planned: 4 } });
    expect(peer.messages.length).toBe(before);
    const active = { ...here.config, dryRun: false };
    const real = await walkRun(here.deps(await here.job('wet'), { config: active }));
    expect(real).toMatchObject({ exit: 0, period: '2026-12-01', counts: { accepted: 4 } });
  });

  test('maxMessagesPerRun bounds the run, and says who waits; the next period takes those first', async () => {
    const here = await newWorld(5, { change: { maxMessagesPerRun: 3 } });
    const before = peer.messages.length;
    await walkRun(here.deps(await here.job('day-1', '2026-12-01')));
    expect(arrivals(before)).toHaveLength(3);
    expect(await latestRun(here.store.db, here.config.uid)).toMatchObject({
      message: '2 contacts wait for a later period, because maxMessagesPerRun is reached',
    });
    here.clock.advance(86_400_000);
    await walkRun(here.deps(await here.job('day-2', '2026-12-02')));
    expect(new Set(arrivals(before)).size).toBe(5);
  });

  test('who unsubscribes between planning and sending gets no mail', async () => {
    const here = await newWorld(3);
    const before = peer.messages.length;
    let sent = 0;
    const withdrawing: RunStore = {
      ...here.runs,
      claimMessage: async (...args) => {
        if (sent++ === 1) {
          const open = await here.store.db
            .selectFrom('growth_message')
            .select('contact_id')
            .where('campaign_uid', '=', here.config.uid)
            .where('state', '=', 'planned')
            .executeTakeFirstOrThrow();
          const { unsubscribe } = await import('../consent/unsubscribe.ts');
          const subject = { contactId: open.contact_id, topic: 'product-news' };
          await unsubscribe(here.store.db, subject, new Date(here.clock.now()));
          await unsubscribe(here.store.db, subject, new Date(here.clock.now()));
        }
        return here.runs.claimMessage(...args);
      },
    };
    const report = await walkRun(here.deps(await here.job('unsub'), { store: withdrawing }));
    expect(report).toMatchObject({ exit: 0, counts: { accepted: 2, suppressed: 1 } });
    expect(arrivals(before)).toHaveLength(2);
    here.clock.advance(86_400_000);
    await walkRun(here.deps(await here.job('unsub-2', '2026-12-02')));
    expect(arrivals(before)).toHaveLength(4);
  });

  test('two Jobs for one period: the second waits, then finds it done', async () => {
    const here = await newWorld(3);
    const before = peer.messages.length;
    const waiting = { ...here.clock, sleep: (_millis: number, signal?: AbortSignal) => systemClock.sleep(5, signal) };
    const both = ['x', 'y'].map(async (uid) => walkRun(here.deps(await here.job(uid), { clock: waiting })));
    const reports = await Promise.all(both);
    expect(reports.map((report) => report.outcome).toSorted()).toEqual(['AlreadyDone', 'Succeeded']);
    expect(arrivals(before)).toHaveLength(3);
  });

  test('an attempt that lost its lease can write nothing more', async () => {
    const here = await newWorld(1);
    const request = {
      campaign: { namespace: here.config.namespace, name: 'trial-idle', uid: here.config.uid },
      configHash: 'h',
      dryRun: false,
    };
    const signal = new AbortController().signal;
    const first = await here.runs.claim({ ...request, jobUid: await here.job('one'), claimant: 'one' }, signal);
    here.clock.advance(61_000);
    const second = await here.runs.claim({ ...request, jobUid: await here.job('two'), claimant: 'two' }, signal);
    if (first.kind !== 'claimed' || second.kind !== 'claimed') throw new Error('both should have claimed');
    await expect(here.runs.heartbeat(first.fence, signal)).rejects.toBeInstanceOf(Fenced);
    await expect(here.runs.finish(first.fence, '', signal)).rejects.toBeInstanceOf(Fenced);
    await here.runs.heartbeat(second.fence, signal);
  });

  test.for([
    { name: 'a Job that nobody registered', jobUid: 'nobody', exit: 10, code: 'JobNotRegistered', change: undefined },
    { name: 'no CSV', jobUid: 'j', exit: 20, code: 'MissingInput', change: { path: 'gone' } },
    {
      name: 'a CSV without the columns',
      jobUid: 'j',
      exit: 20,
      code: 'MissingColumns',
      change: { path: mounts.csv('import'), text: 'mail,who\na,b' },
    },
    {
      name: 'a template that cannot be parsed',
      jobUid: 'j',
      exit: 20,
      code: 'InvalidTemplate',
      change: { path: mounts.template('mail'), text: 'Hello {{ contact.name' },
    },
    {
      name: 'a template with an unknown variable',
      jobUid: 'j',
      exit: 20,
      code: 'InvalidTemplate',
      change: { path: mounts.template('mail'), text: 'Hello {{ contact.password }}' },
    },
    {
      name: 'a template that reads files',
      jobUid: 'j',
      exit: 20,
      code: 'InvalidTemplate',
      change: { path: mounts.template('mail'), text: '{% include "/etc/passwd" %}' },
    },
  ])('$name ends with exit $exit and $code', async ({ jobUid, exit, code, change }) => {
    const here = await newWorld(2);
    const before = peer.messages.length;
    if (change?.text) await here.write(change.path, change.text);
    const uid = jobUid === 'j' ? await here.job('j') : jobUid;
    const root = change?.path === 'gone' ? { mountRoot: '/nowhere' } : {};
    const report = await walkRun(here.deps(uid, root));
    expect(report).toMatchObject({ exit, outcome: 'Failed', firstError: { code } });
    expect(report.firstError?.message).not.toContain('person');
    expect(peer.messages.length).toBe(before);
  });

  test('a mail server that is not there ends with 10, and the next Job sends all', async () => {
    const here = await newWorld(3);
    const before = peer.messages.length;
    const closed = (channel: Parameters<typeof smtpMailer>[0]) => smtpMailer({ ...channel, port: 1 }, undefined);
    const report = await walkRun(here.deps(await here.job('down'), { openMailer: closed }));
    expect(report).toMatchObject({ exit: 10, firstError: { code: 'SmtpUnavailable' } });
    expect(await runUntilDone(here)).toMatchObject({ counts: { accepted: 3 } });
    expect(arrivals(before).toSorted()).toEqual(people(3));
  });

  test('a dead address is never written to again', async () => {
    const here = await newWorld(3);
    peer.setFaults([{ kind: 'reply', stage: 'rcpt', at: 2, code: 550, text: '5.1.1 no such user' }]);
    const before = peer.messages.length;
    expect(await walkRun(here.deps(await here.job('hard')))).toMatchObject({
      exit: 0,
      counts: { accepted: 2, rejected: 1 },
    });
    here.clock.advance(86_400_000);
    expect(await walkRun(here.deps(await here.job('next', '2026-12-02')))).toMatchObject({
      counts: { accepted: 2, skipped: 1 },
    });
    expect(arrivals(before)).toHaveLength(4);
  });
});

describe('a process that dies', () => {
  for (const n of [1, 3]) {
    test.for(crashPoints)(`$name (${n}): the next Job goes on and nobody gets two mails`, async (point) => {
      const here = await newWorld(5);
      peer.setFaults([]);
      const before = peer.messages.length;
      const death = dying(here.runs, point, n);
      await walkRun(
        here.deps(await here.job('dies'), {
          store: death.store,
          openMailer: (channel, credentials) => death.wrap(smtpMailer(channel, credentials)),
        }),
      );
      here.clock.advance(61_000);
      await runUntilDone(here);
      const got = arrivals(before);
      expect(new Set(got).size).toBe(got.length);
      const happened = n === 1 || ['claimMessage', 'send', 'recordDelivery'].includes(point.at);
      expect(got).toHaveLength(happened && !point.arrives ? 4 : 5);
      const states = await here.store.db
        .selectFrom('growth_message')
        .select(['state'])
        .where('campaign_uid', '=', here.config.uid)
        .execute();
      expect(states.filter(({ state }) => state !== 'accepted' && state !== 'unknown')).toEqual([]);
    });
  }
});

describe('a mail server with faults', () => {
  const rows: readonly {
    readonly name: string;
    readonly faults: readonly Fault[];
    readonly got: number;
    readonly counts: object;
  }[] = [
    {
      name: '421 at the third recipient',
      faults: [{ kind: 'reply', stage: 'rcpt', at: 3, code: 421 }],
      got: 5,
      counts: { accepted: 5 },
    },
    {
      name: '451 for the third mail',
      faults: [{ kind: 'reply', stage: 'data', at: 3, code: 451 }],
      got: 5,
      counts: { accepted: 5 },
    },
    {
      name: '550 for the third mail',
      faults: [{ kind: 'reply', stage: 'data', at: 3, code: 550, text: '5.7.1 policy' }],
      got: 4,
      counts: { accepted: 4, rejected: 1 },
    },
    {
      name: 'the connection ends before DATA',
      faults: [{ kind: 'drop-before-data', at: 2 }],
      got: 5,
      counts: { accepted: 5 },
    },
    {
      name: 'the connection ends before the 250',
      faults: [{ kind: 'drop-after-data', at: 2 }],
      got: 5,
      counts: { accepted: 4, unknown: 1 },
    },
    {
      name: 'everything is refused from the third on, for a while',
      faults: [{ kind: 'reply', stage: 'rcpt', at: 3, times: 6, code: 421 }],
      got: 5,
      counts: { accepted: 5 },
    },
  ];
  test.for(rows)('$name', async ({ faults, got, counts }) => {
    const here = await newWorld(5);
    peer.setFaults(faults);
    const before = peer.messages.length;
    const report = await runUntilDone(here);
    peer.setFaults([]);
    const mails = arrivals(before);
    expect(new Set(mails).size).toBe(mails.length);
    expect(mails).toHaveLength(got);
    expect(report.counts).toMatchObject(counts);
  });
});

test('the CSV of the tests has a line for each person', () => {
  expect(csvOf(2).split('\n')).toHaveLength(3);
});
