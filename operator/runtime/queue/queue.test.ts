import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { backgroundPriority, backoffMillis, Queue } from './queue.ts';

function make(debounceMillis = 0): {
  queue: Queue;
  clock: VirtualClock;
  taken: string[];
  work: (release?: boolean) => void;
} {
  const clock = new VirtualClock();
  const queue = new Queue(clock, { added: () => undefined, retried: () => undefined }, debounceMillis);
  const taken: string[] = [];
  const work = async (release: boolean): Promise<void> => {
    for (let next = await queue.take(); next !== undefined; next = await queue.take()) {
      taken.push(`${next.key}@${clock.monotonic()}`);
      if (release) queue.done(next.key);
    }
  };
  return { queue, clock, taken, work: (release = true) => void work(release) };
}

describe('the queue', () => {
  test('holds one entry a key, FIFO inside a priority, changes before the first list', async () => {
    const { queue, clock, taken, work } = make();
    for (const key of ['l1', 'l2', 'l3']) queue.add(key, { priority: backgroundPriority });
    for (const key of ['b', 'a', 'b', 'l3']) queue.add(key);
    work();
    await clock.advance(0);
    expect(taken).toEqual(['b@0', 'a@0', 'l3@0', 'l1@0', 'l2@0']);
  });

  test('a key in hand is locked; what comes meanwhile is taken once after it', async () => {
    const { queue, clock, taken, work } = make();
    queue.add('a');
    work(false);
    work(false);
    await clock.advance(0);
    queue.add('a');
    queue.add('a');
    await clock.advance(100);
    expect(taken).toEqual(['a@0']);
    queue.done('a');
    await clock.advance(0);
    expect(taken).toEqual(['a@0', 'a@100']);
    queue.done('a');
    await clock.advance(0);
    expect(taken).toHaveLength(2);
  });

  test('a later wish does not delay, an earlier one hurries', async () => {
    const { queue, clock, taken, work } = make();
    work();
    queue.add('a', { after: 1_000 });
    queue.add('a', { after: 5_000 });
    queue.add('b', { after: 5_000 });
    queue.add('b', { after: 200 });
    queue.add('c', { after: 5_000 });
    queue.add('c');
    await clock.advance(10_000);
    expect(taken).toEqual(['c@0', 'b@200', 'a@1000']);
  });

  test('failures back off from 5 ms to 1,000 s', async () => {
    const { queue, clock, taken } = make();
    queue.add('a');
    for (let failure = 1; failure <= 4; failure += 1) {
      const next = await queue.take();
      taken.push(`${next?.key}@${clock.monotonic()}`);
      expect(queue.retry('a')).toBe(failure);
      queue.done('a');
      await clock.advance(backoffMillis(failure));
    }
    expect(taken).toEqual(['a@0', 'a@5', 'a@15', 'a@35']);
    expect(backoffMillis(30)).toBe(1_000_000);
    queue.forget('a');
    expect(queue.failures('a')).toBeUndefined();
  });

  test('debounce takes changes in between together', async () => {
    const { queue, clock, taken, work } = make(250);
    work();
    queue.add('a');
    await clock.advance(10);
    queue.add('a');
    await clock.advance(10);
    queue.add('a');
    await clock.advance(1_000);
    queue.add('a');
    await clock.advance(0);
    expect(taken).toEqual(['a@0', 'a@250', 'a@1020']);
  });

  test('a row of failures knows when it began, and ends with a success', async () => {
    const { queue, clock } = make();
    await clock.advance(1_000);
    queue.retry('a');
    await clock.advance(60_000);
    queue.retry('a');
    expect(queue.failures('a')).toEqual({ count: 2, since: 1_000 });
    queue.forget('a');
    expect(queue.failures('a')).toBeUndefined();
  });

  test('a slowed key waits, whatever adds it; others do not', async () => {
    const { queue, clock, taken, work } = make();
    work();
    queue.slow('a', 30_000);
    for (const key of ['a', 'b', 'a']) queue.add(key);
    await clock.advance(29_000);
    queue.add('a');
    expect(taken).toEqual(['b@0']);
    await clock.advance(1_000);
    expect(taken).toEqual(['b@0', 'a@30000']);
    queue.slow('a', 30_000);
    queue.slow('a', 0);
    queue.add('a');
    await clock.advance(0);
    expect(taken.at(-1)).toBe('a@30000');
  });

  test('hands out each of many keys at its time, whatever order they came in', async () => {
    const { queue, clock, taken, work } = make();
    work();
    const times = Array.from({ length: 500 }, (_, index) => ((index * 7_919) % 500) + 1);
    for (const after of times) queue.add(`k${after}`, { after });
    // Each hundredth wish is moved to the front and must not come twice.
    for (const after of times.filter((each) => each % 100 === 0)) queue.add(`k${after}`, { after: 0 });
    await clock.advance(1_000);
    const late = taken.filter((entry) => !entry.endsWith('@0'));
    expect(late).toEqual(late.map((entry) => `k${entry.split('@')[1]}@${entry.split('@')[1]}`));
    expect(taken).toHaveLength(500);
  });

  test('counts a key when it becomes ready, and a retry for each delay, as controller-runtime does', async () => {
    const clock = new VirtualClock();
    const counts = { added: 0, retried: 0 };
    const count = (what: 'added' | 'retried') => (): void => {
      counts[what] += 1;
    };
    const observer = { added: count('added'), retried: count('retried') };
    const queue = new Queue(clock, observer);
    for (let times = 0; times < 3; times += 1) queue.add('a');
    expect(counts).toEqual({ added: 1, retried: 0 });
    queue.add('b', { after: 1_000 });
    expect(counts).toEqual({ added: 1, retried: 1 });
    await clock.advance(1_000);
    expect(counts).toEqual({ added: 2, retried: 1 });
    await queue.take();
    queue.add('a');
    expect(queue.numbers().depth).toEqual(new Map([[0, 2]]));
  });

  test('a failure keeps the priority, and the patience that the server asked for', async () => {
    const { queue, clock } = make();
    queue.add('a', { priority: backgroundPriority });
    const taken = await queue.take();
    queue.retry('a', { priority: taken?.priority, after: 60_000 });
    queue.done('a');
    await clock.advance(59_000);
    expect(queue.numbers().depth.get(backgroundPriority)).toBe(0);
    await clock.advance(1_000);
    expect((await queue.take())?.priority).toBe(backgroundPriority);
  });

  test('refuses a delay that is no number, before it could lose the key', () => {
    const { queue } = make();
    expect(() => queue.add('a', { after: Number.NaN })).toThrow('"a" cannot be added after NaN ms');
    queue.add('a');
    expect(queue.numbers().depth).toEqual(new Map([[0, 1]]));
  });

  test('keys that are moved to an earlier time again and again all come, and in their order', async () => {
    const { queue, clock, taken, work } = make();
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; index < 1_000; index += 1)
        queue.add(`k${index}`, { after: 100_000 - round * 10_000 + index });
    }
    work();
    await clock.advance(100_000);
    expect(taken).toHaveLength(1_000);
    expect(taken.map((entry) => Number(entry.split('@')[1]))).toEqual(
      Array.from({ length: 1_000 }, (_, i) => 60_000 + i),
    );
  });

  test('closing wakes whoever waits', async () => {
    const { queue } = make();
    const waiting = queue.take();
    queue.close();
    expect(await waiting).toBeUndefined();
  });
});
