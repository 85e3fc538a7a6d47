import { describe, expect, it } from 'vitest';
import { Pod } from '../../kube/index.ts';
import type { Thing } from '../../runtime/testing/index.ts';
import { createListReader } from '../live/list-reader.ts';
import { pod } from '../world.fixture.ts';
import { ended } from './ended.fixture.ts';
import { createRunTimesOf } from './history.ts';
import type { Runs } from './runs.ts';

type Options = NonNullable<Parameters<typeof pod>[1]>;

const MINUTE = 60_000;

function expected(history: readonly Thing[], asked: readonly Thing[], kept?: Runs) {
  const objects = [...history, ...asked].map(({ object }) => object);
  const reader = createListReader([{ kind: Pod, objects }]);
  const found = createRunTimesOf(reader, kept)(asked.map(({ object }) => object as Pod));
  return found === undefined ? undefined : { p50: found.p50 / MINUTE, p90: found.p90 / MINUTE, basis: found.basis };
}

const nine = Array.from({ length: 9 }, (_, at) => ended(`e${at}`, `nightly-2873${at}`, (at + 1) * 10));

describe('how long pods are expected to run', () => {
  it.each([
    { name: 'as they say', of: [pod('p', annotated('1h30m'))], is: { p50: 90, p90: 90, basis: 'declared' } },
    {
      name: 'no longer than their deadline',
      of: [pod('p', { ...annotated('2d'), spec: { activeDeadlineSeconds: 600 } })],
      is: { p50: 10, p90: 10, basis: 'declared' },
    },
    {
      name: 'as long as the longest of a gang',
      of: [pod('p', annotated('5m')), pod('q', annotated('6m'))],
      is: { p50: 6, p90: 6, basis: 'declared' },
    },
    { name: 'not known where one does not say', of: [pod('p', annotated('5m')), pod('q')], is: undefined },
    { name: 'not known where the words mean nothing', of: [pod('p', annotated('soon'))], is: undefined },
    {
      name: 'as runs of the same CronJob did',
      of: [pod('p', { job: 'nightly-28739' })],
      is: { p50: 50, p90: 90, basis: 'history' },
    },
    { name: 'not as others did', of: [pod('p', { job: 'other-1' })], is: undefined },
  ])('$name', ({ of, is }) => {
    expect(expected(nine, of)).toEqual(is);
  });

  it('as runs did that the cluster has no more, each counted once', () => {
    const run = (id: string, minutes: number) => ({ id, ended: minutes * 60, seconds: minutes * 60 });
    const kept = new Map([['acme/Job/nightly', [run('pod-e0', 10), run('gone', 200)]]]);
    expect(expected(nine, [pod('p', { job: 'nightly-28739' })], kept)).toEqual({ p50: 60, p90: 200, basis: 'history' });
    expect(expected([], [pod('p', { job: 'nightly-28739' })], kept)).toEqual({ p50: 200, p90: 200, basis: 'low' });
  });

  it('is a hint only where few have ended, and pods that failed do not count', () => {
    const few = [ended('a', 'j-1', 10), ended('b', 'j-2', 30), ended('c', 'j-3', 1, { phase: 'Failed' })];
    expect(expected(few, [pod('p', { job: 'j-4' })])).toEqual({ p50: 30, p90: 30, basis: 'low' });
  });
});

function annotated(text: string): Options {
  return { annotations: { 'gpuoptimizer.io/expected-duration': text } };
}
