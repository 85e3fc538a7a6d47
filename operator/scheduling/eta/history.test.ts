import { describe, expect, it } from 'vitest';
import { Pod } from '../../kube/index.ts';
import type { Thing } from '../../runtime/testing/index.ts';
import { createListReader } from '../live/list-reader.ts';
import { pod } from '../world.fixture.ts';
import { createRunTimesOf } from './history.ts';

type Options = NonNullable<Parameters<typeof pod>[1]>;

const MINUTE = 60_000;
const FROM = Date.parse('2027-01-10T06:00:00Z');
const iso = (millis: number): string => new Date(millis).toISOString();

/** A pod of a Job that has ended after so many minutes. */
function ended(name: string, job: string, minutes: number, over: Options = {}): Thing {
  const made = pod(name, { job, node: 'n1', phase: 'Succeeded', labels: { 'gpuoptimizer.io/plan': 'x' }, ...over });
  const terminated = { exitCode: 0, finishedAt: iso(FROM + minutes * MINUTE) };
  const containerStatuses = [{ name: 'main', state: { terminated } }];
  const status = { ...Reflect.get(made.object, 'status'), startTime: iso(FROM), containerStatuses };
  return { ...made, object: { ...made.object, status } as Thing['object'] };
}

function expected(history: readonly Thing[], ...asked: readonly Thing[]) {
  const objects = [...history, ...asked].map(({ object }) => object);
  const reader = createListReader([{ kind: Pod, objects }]);
  const found = createRunTimesOf(reader)(asked.map(({ object }) => object as Pod));
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
    expect(expected(nine, ...of)).toEqual(is);
  });

  it('is a hint only where few have ended, and pods that failed do not count', () => {
    const few = [ended('a', 'j-1', 10), ended('b', 'j-2', 30), ended('c', 'j-3', 1, { phase: 'Failed' })];
    expect(expected(few, pod('p', { job: 'j-4' }))).toEqual({ p50: 30, p90: 30, basis: 'low' });
  });
});

function annotated(text: string): Options {
  return { annotations: { 'gpuoptimizer.io/expected-duration': text } };
}
