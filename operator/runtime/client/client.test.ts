import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../observability/index.ts';
import { FakeServer, type Fault } from '../testing/index.ts';
import { Note } from '../testing/toys.ts';
import { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import {
  Conflict,
  ConnectionLost,
  Forbidden,
  Invalid,
  NotLeader,
  ServerError,
  Timeout,
  TooManyRequests,
} from './errors.ts';
import { Transport } from './transport.ts';

let fake: FakeServer;
let transport: Transport;
let reads = 0;

beforeEach(async () => {
  fake = await FakeServer.start();
  reads = 0;
  const cluster: Cluster = {
    ...fake.cluster,
    credentials: async () => {
      reads += 1;
      return { headers: { authorization: `Bearer token-${reads}` }, tls: {} };
    },
  };
  transport = new Transport(cluster, systemClock, { requested: () => undefined });
});

afterEach(async () => {
  await transport.close();
  await fake.close();
});

const key = { namespace: 'a', name: 'n' };
const note = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { a: 'b' } };
const make = (options: { readTimeoutMillis?: number; writeTimeoutMillis?: number; fence?: () => void } = {}): Client =>
  new Client({ transport, clock: systemClock, ...options });
const fault = (act: Fault['act'], times = 1): number => fake.faults.push({ when: () => true, times, act });
const status = (code: number, reason = ''): Fault['act'] => ({
  kind: 'answer',
  status: code,
  reason,
  retryAfterSeconds: 0,
});

describe('errors have a class for each case', () => {
  const rows = [
    { code: 403, reason: 'Forbidden', want: Forbidden },
    { code: 409, reason: 'Conflict', want: Conflict },
    { code: 422, reason: 'Invalid', want: Invalid },
    { code: 500, reason: 'InternalError', want: ServerError },
  ];
  test.each(rows)('$code', async ({ code, reason, want }) => {
    fault(status(code, reason));
    await expect(make().create(Note, note, 'm')).rejects.toBeInstanceOf(want);
  });

  test('no answer in time', async () => {
    fault({ kind: 'stall' });
    await expect(make({ writeTimeoutMillis: 100 }).create(Note, note, 'm')).rejects.toBeInstanceOf(Timeout);
  });

  test("the caller's signal ends a request with its own reason", async () => {
    fault({ kind: 'stall' });
    const stop = new AbortController();
    const waiting = make().create(Note, note, 'm', stop.signal);
    const reason = new TypeError('told to stop');
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

describe('retries', () => {
  test('an apply is sent again after a lost connection, a lost answer and 503', async () => {
    fault({ kind: 'drop' });
    fault({ kind: 'lose-answer' });
    fault(status(503));
    const answer = await make().apply(Note, note, { manager: 'm' });
    expect(answer.data).toEqual({ a: 'b' });
    expect(fake.count('patch', 'configmaps')).toBe(4);
  });

  test.each([500, 502, 503, 504])('a read is sent again after %i', async (code) => {
    fault(status(code, 'Timeout'), 2);
    expect(await make().list(Note, { namespace: 'a' })).toEqual([]);
    expect(fake.count('list', 'configmaps')).toBe(3);
  });

  test.each([502, 504])('an apply is sent again after %i, a create is not', async (code) => {
    fault(status(code));
    await make().apply(Note, note, { manager: 'm' });
    fault(status(code));
    await expect(make().create(Note, { ...note, metadata: { ...key, name: 'o' } }, 'm')).rejects.toBeInstanceOf(
      ServerError,
    );
  });

  test('a server that wants to be asked again after 0 seconds is not asked in a hot loop', async () => {
    fault(status(429), 1000);
    await expect(make({ writeTimeoutMillis: 350 }).create(Note, note, 'm')).rejects.toBeInstanceOf(TooManyRequests);
    expect(fake.count('create', 'configmaps')).toBeLessThan(4);
  });

  test('a read that ends with no answer after errors hands on the last error', async () => {
    fault(status(500), 1);
    fault({ kind: 'stall' });
    await expect(make({ readTimeoutMillis: 400 }).get(Note, key)).rejects.toMatchObject({ status: 500 });
  });

  test('a create is not, because it may have been done', async () => {
    fault({ kind: 'lose-answer' });
    await expect(make().create(Note, note, 'm')).rejects.toBeInstanceOf(ConnectionLost);
    expect(fake.count('create', 'configmaps')).toBe(1);
  });

  test('every verb waits out a 429', async () => {
    fault(status(429), 3);
    await make().create(Note, note, 'm');
    expect(fake.count('create', 'configmaps')).toBe(4);
  });

  test('a 429 that lasts longer than the time limit is handed on', async () => {
    fault({ kind: 'answer', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 60 });
    await expect(make({ writeTimeoutMillis: 500 }).create(Note, note, 'm')).rejects.toBeInstanceOf(TooManyRequests);
  });

  test('an eviction that a budget refuses is blocked, not repeated', async () => {
    fault(status(429, 'TooManyRequests'));
    expect(await make().evict(key, { uid: 'u' })).toBe('blocked');
    expect(await make().evict(key, { uid: 'u' })).toBe('gone');
  });

  test.each([
    { name: 'of a pod that changed since it was read', uid: undefined, want: 'Conflict' },
    { name: 'of another pod under the name', uid: 'another', want: 'gone' },
  ])('an eviction $name ends with $want', async ({ uid, want }) => {
    const pod = fake.api.create('pods', { metadata: { ...key } });
    fault({ kind: 'answer', status: 409, reason: 'Conflict' });
    const ending = make()
      .evict(key, { uid: uid ?? pod.metadata.uid, resourceVersion: '1' })
      .catch((error: unknown) => (error instanceof Conflict ? 'Conflict' : error));
    expect(await ending).toBe(want);
  });

  test('credentials that are refused are read again, once', async () => {
    fault(status(401, 'Unauthorized'));
    await make().create(Note, note, 'm');
    expect(reads).toBe(2);
    fault(status(401, 'Unauthorized'), 2);
    await expect(make().get(Note, key)).rejects.toMatchObject({ code: 'Unauthorized' });
  });
});

describe('credentials', () => {
  const hanging = (first: number): Transport => {
    let asked = 0;
    const cluster: Cluster = {
      ...fake.cluster,
      credentials: async () => {
        asked += 1;
        if (asked >= first) await new Promise(() => undefined);
        return { headers: {}, tls: {} };
      },
    };
    return new Transport(cluster, clock, { requested: () => undefined });
  };
  const clock = { ...systemClock, monotonic: () => performance.now() + skipped };
  let skipped = 0;

  test('that cannot be had count against the time limit of a write, which is then not sent', async () => {
    const stuck = hanging(1);
    const client = new Client({ transport: stuck, clock, writeTimeoutMillis: 100 });
    await expect(client.create(Note, note, 'm')).rejects.toBeInstanceOf(Timeout);
    expect(fake.received).toEqual([]);
    await stuck.close();
  });

  test('that are due for renewal serve until the new ones are there', async () => {
    const stuck = hanging(2);
    const client = new Client({ transport: stuck, clock, writeTimeoutMillis: 1_000 });
    await client.create(Note, note, 'm');
    skipped = 120_000;
    expect((await client.get(Note, key))?.data).toEqual({ a: 'b' });
    await stuck.close();
  });

  test('that cannot be read again leave the old ones in force', async () => {
    let asked = 0;
    const cluster: Cluster = {
      ...fake.cluster,
      credentials: async () => {
        asked += 1;
        if (asked > 1) throw new Error('the token file is being replaced');
        return { headers: {}, tls: {} };
      },
    };
    const shaky = new Transport(cluster, clock, { requested: () => undefined });
    const client = new Client({ transport: shaky, clock });
    await client.create(Note, note, 'm');
    skipped += 120_000;
    expect((await client.get(Note, key))?.data).toEqual({ a: 'b' });
    await shaky.close();
  });
});

test('the fence is asked before every attempt of a write, and never for a read', async () => {
  let asked = 0;
  const fence = (): void => {
    asked += 1;
    if (asked > 1) throw new NotLeader('the lease is lost');
  };
  fault({ kind: 'drop' });
  await expect(make({ fence }).apply(Note, note, { manager: 'm' })).rejects.toBeInstanceOf(NotLeader);
  expect(asked).toBe(2);
  expect(await make({ fence }).get(Note, key)).toBeUndefined();
  expect(asked).toBe(2);
});

test('deleting under a uid spares a successor of the same name', async () => {
  const client = make();
  await client.create(Note, note, 'm');
  await expect(client.remove(Note, key, { uid: 'another' })).rejects.toBeInstanceOf(Conflict);
  await client.remove(Note, key, {});
  await client.remove(Note, key, {});
  expect(await client.get(Note, key)).toBeUndefined();
});

test.each([
  {
    name: 'a patch',
    send: (client: Client, metadata: object) =>
      client.patch(Note, key, { type: 'merge', body: { metadata, data: { a: 'c' } } }, 'tester'),
  },
  {
    name: 'an apply',
    send: (client: Client, metadata: object) =>
      client.apply(Note, { ...note, metadata: { ...key, ...metadata } }, { manager: 'tester' }),
  },
])('$name under the uid of a predecessor is a Conflict, and changes nothing', async ({ send }) => {
  const { metadata } = fake.api.create('configmaps', note);
  await expect(send(make(), { uid: 'another' })).rejects.toBeInstanceOf(Conflict);
  expect(fake.api.get('configmaps', key).metadata.resourceVersion).toBe(metadata.resourceVersion);
  await send(make(), { uid: metadata.uid });
});

test('a list is read in pages', async () => {
  for (let index = 0; index < 1_100; index += 1)
    fake.api.seed('configmaps', { metadata: { namespace: 'a', name: `n${index}` } });
  expect(await make().list(Note, { namespace: 'a' })).toHaveLength(1_100);
  expect(fake.count('list', 'configmaps')).toBe(3);
});
