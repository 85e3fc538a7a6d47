import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alwaysBound, neverBound, opensAt, startOf } from './opening.ts';

describe('from when a pod counts', () => {
  it.each<[string, { bind: number; start?: number; until: number; boundFrom: number }, number | undefined]>([
    ['by the bind', { bind: 10, start: 30, until: 50, boundFrom: alwaysBound }, 10],
    ['by the bind, though nothing runs', { bind: 10, until: 50, boundFrom: alwaysBound }, 10],
    ['by the bind of a scheduler whose clock is ahead', { bind: 60, until: 50, boundFrom: alwaysBound }, 60],
    ['by the start', { bind: 10, start: 30, until: 50, boundFrom: neverBound }, 30],
    ['by the start, which has not come', { bind: 10, until: 50, boundFrom: neverBound }, undefined],
    ['by the bind, which came after the change to it', { bind: 10, until: 50, boundFrom: 5 }, 10],
    ['by the change to the bind, while it waits', { bind: 10, until: 50, boundFrom: 40 }, 40],
    ['by the start, which came before the change to the bind', { bind: 10, start: 30, until: 50, boundFrom: 40 }, 30],
    ['by the bind, but it ended before that counted', { bind: 10, until: 35, boundFrom: 40 }, undefined],
    ['from its start to its end at one moment', { bind: 10, start: 50, until: 50, boundFrom: neverBound }, 50],
  ])('%s', (_, { boundFrom, ...moments }, expected) => {
    expect(opensAt(moments, boundFrom)).toBe(expected);
  });

  it('is never before the bind nor after the start, and a later change to the bind never makes it earlier', () => {
    const moment = fc.integer({ min: 1, max: 1000 });
    const change = fc.oneof(moment, fc.constant(alwaysBound), fc.constant(neverBound));
    fc.assert(
      fc.property(moment, moment, moment, change, change, (bind, wait, run, one, other) => {
        const moments = { bind, start: bind + wait, until: bind + wait + run };
        const [early, late] = [Math.min(one, other), Math.max(one, other)].map((from) => opensAt(moments, from));
        expect(early).toBeGreaterThanOrEqual(bind);
        expect(late).toBeGreaterThanOrEqual(early ?? Number.NaN);
        expect(late).toBeLessThanOrEqual(bind + wait);
      }),
    );
  });
});

const at = (second: number): string => new Date(second * 1000).toISOString();
const running = (second: number) => ({ running: { startedAt: at(second) } });
const terminated = (second: number) => ({ terminated: { exitCode: 1, startedAt: at(second), finishedAt: at(49) } });

describe('the first start of a container', () => {
  it.each<[string, readonly object[], number | undefined]>([
    ['of none', [], undefined],
    ['that waits for its image', [{ waiting: { reason: 'ContainerCreating' } }], undefined],
    ['that runs', [running(30)], 30],
    ['that has ended', [terminated(30)], 30],
    ['of several', [running(33), terminated(30), { waiting: {} }], 30],
    ['that could not be started: the runtime tells 1970', [terminated(0)], undefined],
    ['of which nobody knows', [{ terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } }], undefined],
    ['by a clock behind: not before the bind', [running(5)], 10],
    ['by a clock ahead: not after it was seen', [running(3600)], 50],
  ])('%s', (_, states, expected) => {
    const container = (state: object) => ({ name: 'c', ready: false, restartCount: 0, image: '', imageID: '', state });
    const object = {
      metadata: {},
      status: { containerStatuses: states.map(container), initContainerStatuses: [container(running(11))] },
    };
    const start = startOf(object, 10_000, 50_000);
    expect(start === undefined ? undefined : start / 1000).toBe(expected);
  });
});
