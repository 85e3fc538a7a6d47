import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Breaker, type Verdict } from './breaker.ts';

interface Step {
  /** Content sent to `object`; undefined for a pass that writes nothing. */
  readonly content: (index: number) => string | undefined;
  readonly object?: (index: number) => string;
  readonly echo?: boolean;
  readonly everyMillis: number;
}

async function play(step: Step, passes: number): Promise<{ breaker: Breaker; clock: VirtualClock; last: Verdict }> {
  const clock = new VirtualClock();
  const breaker = new Breaker(clock);
  let last: Verdict = { slowMillis: 0 };
  for (let index = 0; index < passes; index += 1) {
    breaker.began('a/t', step.echo ?? false);
    const content = step.content(index);
    if (content !== undefined)
      breaker.wrote('a/t', { object: step.object?.(index) ?? 'ConfigMap a/c', part: '', content });
    last = breaker.ended('a/t');
    await clock.advance(step.everyMillis);
  }
  return { breaker, clock, last };
}

describe('the hot-loop breaker', () => {
  const loops = [
    { name: 'a fight over one object', content: () => 'ours', everyMillis: 10 },
    { name: 'a slow fight', content: () => 'ours', everyMillis: 10_000 },
    {
      name: 'a controller that wavers',
      content: (i: number) => (i % 2 === 0 ? 'x' : 'y'),
      echo: true,
      everyMillis: 10,
    },
    { name: 'new content each time, woken by itself', content: (i: number) => `at ${i}`, echo: true, everyMillis: 10 },
  ];
  test.each(loops)('opens for $name', async (step) => {
    const { breaker, last } = await play(step, 25);
    expect(breaker.open).toBe(1);
    expect(last.slowMillis).toBeGreaterThanOrEqual(30_000);
    expect(breaker.condition('a/t')).toMatchObject({ type: 'HotLoop', status: 'True', reason: 'RepeatedWrites' });
    expect(breaker.condition('a/t')?.message).toContain('ConfigMap a/c');
  });

  const work = [
    {
      name: 'content that comes and goes with what others do',
      content: (i: number) => (i % 2 === 0 ? 'x' : 'y'),
      everyMillis: 10,
    },
    { name: 'new content each time, woken by others', content: (i: number) => `at ${i}`, everyMillis: 10 },
    {
      name: 'other objects each time',
      content: () => 'x',
      object: (i: number) => `Pod a/${i}`,
      echo: true,
      everyMillis: 10,
    },
    { name: 'the same content once in a quarter of an hour', content: () => 'x', everyMillis: 900_000 },
    { name: 'the same content twice a minute', content: () => 'x', everyMillis: 30_000 },
    { name: 'no writes', content: () => undefined, echo: true, everyMillis: 10 },
  ];
  test.each(work)('stays closed for $name', async (step) => {
    const { breaker, last } = await play(step, 60);
    expect(breaker.open).toBe(0);
    expect(last).toEqual({ slowMillis: 0 });
    expect(breaker.condition('a/t')).toBeUndefined();
  });

  test('slows more and more, says once that it opens, and closes with the first pass that settles', async () => {
    const { breaker } = await play({ content: () => 'ours', everyMillis: 10 }, 20);
    const verdicts: Verdict[] = [];
    const pass = (content?: string): void => {
      breaker.began('a/t', false);
      if (content !== undefined) breaker.wrote('a/t', { object: 'ConfigMap a/c', part: '', content });
      verdicts.push(breaker.ended('a/t'));
    };
    for (let index = 0; index < 6; index += 1) pass('ours');
    pass();
    pass('ours');
    expect(verdicts.map(({ slowMillis }) => slowMillis)).toEqual([
      30_000, 60_000, 120_000, 240_000, 300_000, 300_000, 0, 0,
    ]);
    expect(verdicts.map(({ change }) => change)).toEqual(['opened', ...Array(5).fill(undefined), 'closed', undefined]);
    expect(breaker.open).toBe(0);
  });

  test('a person who changes the object starts it anew', async () => {
    const { breaker } = await play({ content: () => 'ours', everyMillis: 10 }, 30);
    breaker.forget('a/t');
    expect(breaker.open).toBe(0);
    breaker.began('a/t', false);
    breaker.wrote('a/t', { object: 'ConfigMap a/c', part: '', content: 'ours' });
    expect(breaker.ended('a/t')).toEqual({ slowMillis: 0 });
  });
});
