import { describe, expect, it } from 'vitest';
import type { Pod } from '../kube/index.ts';
import type { PatchBody } from '../runtime/index.ts';
import { type Act, type PassOutput, runPass, silentLog, type Thing } from '../runtime/testing/index.ts';
import { newPlanner } from './controller.fixture.ts';
import { createSentReleases, SETTLED_MILLIS } from './sent.ts';
import { job, NOW, node, pod, pool, tenant } from './world.fixture.ts';

/** A planner that lives on between passes, with a clock that moves when told to. */
function bench() {
  const time = { at: NOW.getTime() };
  const clock = { now: () => time.at, monotonic: () => time.at, sleep: async () => undefined };
  return { time, planner: newPlanner(clock) };
}

function releaseOf(act: Act): { readonly name: string; readonly patch: PatchBody } | undefined {
  if (act.act !== 'patch' || act.kind !== 'pods' || act.patch.subresource !== undefined) return undefined;
  return { name: act.key.replace('acme/', ''), patch: act.patch };
}

function pinned(patch: PatchBody): string {
  return /"metadata\.name","operator":"In","values":\["([^"]+)"\]/.exec(JSON.stringify(patch.body))?.[1] ?? 'any';
}

function releases({ acts }: PassOutput): Record<string, string> {
  const sent = acts.map(releaseOf).filter((one) => one !== undefined);
  return Object.fromEntries(sent.map(({ name, patch }) => [name, pinned(patch)]));
}

const failure = (code: string, status = 0) => Object.assign(new Error(code), { code, status });
const two = [node('n1', { gpus: 1 }), node('n2', { gpus: 1 }), pool()];
const urgent = pod('urgent', { priority: 1000 });

interface Row {
  readonly name: string;
  readonly error: Error;
  readonly world?: readonly Thing[];
  /** What comes, or comes instead, between the two passes. */
  readonly meanwhile?: readonly Thing[];
  readonly later?: number;
  /** How often the release of p fails. */
  readonly times?: number;
  readonly second: Record<string, string>;
}

const rows: readonly Row[] = [
  { name: 'Timeout', error: failure('Timeout'), second: { p: 'n1', urgent: 'n2' } },
  { name: 'ConnectionLost', error: failure('ConnectionLost'), second: { p: 'n1', urgent: 'n2' } },
  { name: 'an aborted call', error: new Error('aborted'), second: { p: 'n1', urgent: 'n2' } },
  { name: 'a server that fails', error: failure('ServerError', 503), second: { p: 'n1', urgent: 'n2' } },
  { name: 'a proxy that waited', error: failure('ApiError', 408), second: { p: 'n1', urgent: 'n2' } },
  {
    name: 'too many requests, which changes nothing',
    error: failure('TooManyRequests', 429),
    second: { urgent: 'n1', p: 'n2' },
  },
  { name: 'no lease, which changes nothing', error: failure('NotLeader'), second: { urgent: 'n1', p: 'n2' } },
  {
    name: 'Timeout again: the others still go elsewhere',
    error: failure('Timeout'),
    times: 2,
    second: { urgent: 'n2' },
  },
  {
    name: 'Timeout, then a cordoned node: it is neither pinned there again nor moved before it is known',
    error: failure('Timeout'),
    meanwhile: [node('n1', { gpus: 1, cordoned: true })],
    second: {},
  },
  {
    name: 'Timeout, then a cordoned node, and a live read that shows the gate: it is planned again',
    error: failure('Timeout'),
    meanwhile: [node('n1', { gpus: 1, cordoned: true })],
    later: SETTLED_MILLIS + 1,
    second: { p: 'n2' },
  },
  {
    name: 'Timeout of a tenant with a quota: it counts',
    error: failure('Timeout'),
    world: [...two, tenant('acme', 1), pod('p')],
    meanwhile: [urgent],
    second: { p: 'n1' },
  },
  {
    name: 'Timeout of a member: the rest of its gang is not held back and goes before others',
    error: failure('Timeout'),
    world: [...two, job('j', 1), pod('p', { job: 'j' })],
    meanwhile: [job('j', 2), pod('rest', { job: 'j' }), urgent],
    second: { p: 'n1', rest: 'n2' },
  },
];

describe('a release that fails', () => {
  it.each(rows)(
    '$name',
    async ({ error, world = [...two, pod('p')], meanwhile = [urgent], later = 0, times = 1, second }) => {
      const { planner, time } = bench();
      let left = times;
      const first = await runPass(planner, {
        world,
        now: NOW,
        intercept: (act) => {
          if (releaseOf(act)?.name !== 'p' || left === 0) return;
          left -= 1;
          throw error;
        },
      });
      time.at += later;
      const next = await first.again({
        now: new Date(time.at),
        change: (api) => {
          for (const { kind, object } of meanwhile)
            api.seed(kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`, object);
        },
      });
      expect(releases(next)).toEqual(second);
    },
  );

  it('is sent again as the very same patch', async () => {
    const { planner, time } = bench();
    const sent: PatchBody[] = [];
    const first = await runPass(planner, {
      world: [...two, pod('p')],
      now: NOW,
      intercept: (act) => {
        const release = releaseOf(act);
        if (release === undefined) return;
        sent.push(release.patch);
        if (sent.length === 1) throw failure('Timeout');
      },
    });
    expect(first.result).toMatchObject({ result: 'error' });
    time.at += 5_000;
    expect(await first.again({ now: new Date(time.at) })).toMatchObject({ result: { result: 'requeue_after' } });
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });
});

describe('the memory of sent releases', () => {
  const gated = pod('p').object as Pod;
  const released: Pod = { ...gated, spec: { ...gated.spec, containers: [], schedulingGates: [] } };
  const other: Pod = { ...gated, metadata: { ...gated.metadata, uid: 'another' } };
  const going: Pod = { ...gated, metadata: { ...gated.metadata, deletionTimestamp: NOW.toISOString() } };
  const late = SETTLED_MILLIS + 1;
  const cases: readonly {
    readonly name: string;
    readonly cached?: Pod;
    readonly live?: Pod | Error;
    readonly after: number;
    readonly kept: boolean | 'confirmed';
    readonly found: number;
  }[] = [
    { name: 'the cache shows the gate', cached: gated, after: 0, kept: true, found: 0 },
    { name: 'the cache shows it released', cached: released, after: 0, kept: false, found: 1 },
    { name: 'the pod is gone', after: 0, kept: false, found: 0 },
    { name: 'another pod has its name', cached: other, after: 0, kept: false, found: 0 },
    { name: 'the pod is being deleted', cached: going, after: 0, kept: false, found: 0 },
    {
      name: 'late, and the API server has it released',
      cached: gated,
      live: released,
      after: late,
      kept: 'confirmed',
      found: 1,
    },
    { name: 'late, and the API server has it gated', cached: gated, live: gated, after: late, kept: false, found: 0 },
    { name: 'late, and the API server has no such pod', cached: gated, after: late, kept: false, found: 0 },
    {
      name: 'late, and the API server does not answer',
      cached: gated,
      live: new Error('x'),
      after: late,
      kept: true,
      found: 0,
    },
  ];

  it.each(cases)('$name', async ({ cached, live, after, kept, found }) => {
    let now = 0;
    const sent = createSentReleases({ monotonic: () => now });
    sent.send(gated, 'n1', 'plan');
    now += after;
    const answer = await sent.settle({
      get: <T>() => cached as T | undefined,
      live: {
        get: async <T>() => {
          if (live instanceof Error) throw live;
          return live as T | undefined;
        },
      },
      log: silentLog,
      signal: new AbortController().signal,
    });
    expect(answer).toHaveLength(found);
    expect([...sent.byUid.values()].map(({ node: on, confirmed }) => ({ on, confirmed }))).toEqual(
      kept === false ? [] : [{ on: 'n1', confirmed: kept === 'confirmed' }],
    );
  });

  it('a refusal takes back only what it refused', () => {
    const sent = createSentReleases({ monotonic: () => 0 });
    sent.send(gated, 'n1', 'plan')();
    expect(sent.byUid.size).toBe(0);
    sent.send(gated, 'n1', 'plan');
    sent.send(gated, 'n1', 'plan')();
    expect(sent.byUid.size).toBe(1);
  });
});
