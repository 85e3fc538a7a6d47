import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../observability/index.ts';
import { Client } from '../client/client.ts';
import { Forbidden, NotFound, NotLeader } from '../client/errors.ts';
import { type Call, Transport } from '../client/transport.ts';
import { FakeServer, silentLog, until, VirtualClock } from '../testing/index.ts';
import { Elector, LeaseLost } from './elector.ts';

let fake: FakeServer;
const transports: Transport[] = [];

beforeEach(async () => {
  fake = await FakeServer.start();
});

afterEach(async () => {
  await Promise.all(transports.splice(0).map((transport) => transport.close()));
  await fake.close();
});

const timing = { leaseSeconds: 2, renewSeconds: 0.2, validSeconds: 1 };

function elector(identity: string): Elector {
  const transport = new Transport(fake.cluster, systemClock, { requested: () => undefined });
  transports.push(transport);
  const client = new Client({ transport, clock: systemClock, readTimeoutMillis: 300, writeTimeoutMillis: 300 });
  const names = { namespace: 'default', name: 'lease', identity };
  return new Elector({
    ...timing,
    ...names,
    client,
    transport,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
  });
}

const holder = (): unknown => {
  const lease = fake.api.get('leases.coordination.k8s.io', { namespace: 'default', name: 'lease' });
  return Reflect.get(Object(lease.spec), 'holderIdentity');
};

test('nothing may be written before the lease is held, after it is released, or when it cannot be renewed', async () => {
  const first = elector('first');
  expect(first.fence).toThrow(NotLeader);
  await first.acquire(AbortSignal.timeout(5_000));
  first.fence();
  expect(holder()).toBe('first');
  await first.release();
  expect(first.fence).toThrow(NotLeader);
  expect(holder()).toBe('');
});

test('a leader cut off from the server is fenced before another can take over', async () => {
  const first = elector('first');
  await first.acquire(AbortSignal.timeout(5_000));
  const held = first.hold(new AbortController().signal);
  const lost = expect(held).rejects.toBeInstanceOf(LeaseLost);
  const second = elector('second');
  let fencedAt = 0;
  const watchFence = until('the fence', () => {
    try {
      first.fence();
      return false;
    } catch (error) {
      fencedAt = performance.now();
      return error instanceof NotLeader;
    }
  });
  const taking = second.acquire(AbortSignal.timeout(10_000));
  await new Promise((resolve) => setTimeout(resolve, 500));
  fake.faults.push({ when: (r) => r.verb === 'update', times: 100, act: { kind: 'drop' } });
  await watchFence;
  await lost;
  fake.faults.splice(0);
  await taking;
  expect(fencedAt).toBeLessThan(performance.now());
  expect(holder()).toBe('second');
});

test('a lease that is deleted stays with its holder: no standby takes it while the holder may write', async () => {
  const first = elector('first');
  await first.acquire(AbortSignal.timeout(5_000));
  const stop = new AbortController();
  const held = first.hold(stop.signal);
  const taken: string[] = [];
  const second = elector('second');
  const end = new AbortController();
  const standing = second.acquire(end.signal).then(
    () => taken.push('second'),
    () => undefined,
  );
  await until('the standby watches', () => fake.lists('leases.coordination.k8s.io') >= 2);
  for (let round = 0; round < 5; round += 1) {
    const made = fake.count('create', 'leases.coordination.k8s.io');
    fake.api.remove('leases.coordination.k8s.io', { namespace: 'default', name: 'lease' });
    await until('it is there again', () => fake.count('create', 'leases.coordination.k8s.io') > made);
    await until('it is held', () => holder() === 'first', 1_000);
    first.fence();
  }
  expect(taken).toEqual([]);
  end.abort();
  stop.abort();
  await Promise.all([held, standing]);
});

describe('a standby on its own clock', () => {
  /** Asks a server that answers everything with `answer`, for so long; tells what was asked and when. */
  async function play(answer: (call: Call) => Promise<string>, millis: number): Promise<readonly string[]> {
    const asked: string[] = [];
    const clock = new VirtualClock();
    const transport = new Transport(fake.cluster, clock, { requested: () => undefined });
    transports.push(transport);
    transport.send = (call) => {
      asked.push(`${call.method}@${clock.monotonic()}`);
      return answer(call);
    };
    transport.stream = () => new Promise(() => undefined);
    const client = new Client({ transport, clock });
    const names = { namespace: 'default', name: 'lease', identity: 'me' };
    const standby = new Elector({ ...names, client, transport, clock, random: () => 0.5, log: silentLog });
    const stop = new AbortController();
    const ended = standby.acquire(stop.signal).catch(() => undefined);
    await clock.advance(millis);
    stop.abort();
    await Promise.race([ended, clock.advance(1)]);
    return asked;
  }
  const error = { reason: '', url: 'GET /lease', message: '' };

  test('that may not read the lease asks every two seconds, however long that lasts', async () => {
    const asked = await play(() => Promise.reject(new Forbidden({ ...error, status: 403 })), 60_000);
    expect(asked.length).toBeGreaterThan(25);
    expect(asked.length).toBeLessThan(35);
  });

  test('that finds no lease gives a holder the time to make it anew before it makes its own', async () => {
    const asked = await play((call) => {
      if (call.method === 'GET') return Promise.reject(new NotFound({ ...error, status: 404 }));
      return Promise.resolve('{"metadata":{}}');
    }, 10_000);
    expect(asked).toEqual(['GET@0', 'GET@2000', 'GET@3000', 'POST@3000']);
  });
});
