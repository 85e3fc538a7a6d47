import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';

import { clock, progressTo, span } from './progress.ts';

describe('clock', () => {
  it.each([
    [0, ' 0:00'],
    [7_900, ' 0:07'],
    [754_000, '12:34'],
  ])('%i ms is "%s"', (ms, text) => {
    expect(clock(ms)).toBe(text);
  });
});

describe('span', () => {
  it.each([
    [430, '0.4 s'],
    [34_400, '34 s'],
    [120_000, '2 min'],
    [580_000, '9 min 40 s'],
  ])('%i ms is "%s"', (ms, text) => {
    expect(span(ms)).toBe(text);
  });
});

describe('progressTo', () => {
  const record = () => {
    let now = 0;
    const stream = new PassThrough();
    const progress = progressTo(stream, () => now);
    return { progress, advance: (ms: number) => (now += ms), text: () => String(stream.read()) };
  };

  it('announces a long step with its usual length, and says how long it took', async () => {
    const { progress, advance, text } = record();
    const words = { doing: 'building', done: 'built', usualSeconds: 35 };
    const result = await progress.step('etcd', words, async () => {
      advance(34_000);
      return 'done';
    });
    expect(result).toBe('done');
    expect(text()).toBe(' 0:00  etcd           building, usually 35 s\n 0:34  etcd           built    34 s\n');
  });

  it('does not claim that a failed step is done', async () => {
    const { progress, text } = record();
    const work = progress.step('etcd', { doing: 'building', done: 'built', usualSeconds: 35 }, () =>
      Promise.reject(new Error('no compiler')),
    );
    await expect(work).rejects.toThrow('no compiler');
    expect(text()).toBe(' 0:00  etcd           building, usually 35 s\n');
  });
});
