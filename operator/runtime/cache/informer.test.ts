import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../observability/index.ts';
import { ConnectionLost, Forbidden, NotFound } from '../client/errors.ts';
import { RuntimeMetrics } from '../metrics.ts';
import { silentLog, VirtualClock } from '../testing/index.ts';
import { Note } from '../testing/toys.ts';
import type { Kind, KubeObject } from '../types.ts';
import { Informer } from './informer.ts';

function make(kind: Kind<KubeObject> = Note): {
  informer: Informer;
  clock: VirtualClock;
  metrics: () => Promise<string>;
} {
  const clock = new VirtualClock();
  const registry = createRegistry();
  const metrics = new RuntimeMetrics(registry);
  const open = (): never => {
    throw new TypeError('not run here');
  };
  const informer = new Informer({ kind, open, clock, random: () => 0, log: silentLog, metrics });
  return { informer, clock, metrics: () => registry.metrics() };
}

const error = { status: 0, reason: '', url: 'WATCH', message: 'gone' };

describe('whether an informer is blind', () => {
  const rows = [
    { name: 'before the first list', complete: false, failures: [], want: true },
    { name: 'after the first list', complete: true, failures: [], want: false },
    { name: 'while a short failure lasts', complete: true, failures: [30_000], want: false },
    { name: 'after a minute of failures', complete: true, failures: [30_000, 31_000], want: true },
  ];
  test.each(rows)('$name: $want', async ({ complete, failures, want }) => {
    const { informer, clock } = make();
    informer.begin('start');
    if (complete) informer.complete('5');
    for (const pause of failures) {
      informer.failed(new ConnectionLost(error));
      await clock.advance(pause);
    }
    expect(informer.blind).toBe(want);
  });

  test('no longer when the watch is heard of again', async () => {
    const { informer, clock } = make();
    informer.begin('start');
    informer.complete('5');
    informer.failed(new Forbidden({ ...error, status: 403 }));
    await clock.advance(3_600_000);
    expect(informer.blind).toBe(true);
    informer.alive();
    expect(informer.blind).toBe(false);
  });
});

describe('an optional kind', () => {
  const optional = { ...Note, optional: true };
  const absent = new NotFound({ ...error, status: 404 });

  test('that is not served blinds nobody, is answered, and counts as no failure', async () => {
    const { informer, metrics } = make(optional);
    informer.begin('start');
    expect(informer.blind).toBe(true);
    informer.failed(absent);
    await informer.whenAnswered;
    expect(informer.blind).toBe(false);
    expect(informer.store.size).toBe(0);
    expect(await metrics()).not.toContain('reason="NotFound"');
  });

  test('that may not be read blinds as any other does', () => {
    const { informer } = make(optional);
    informer.failed(absent);
    informer.failed(new Forbidden({ ...error, status: 403 }));
    expect(informer.blind).toBe(true);
  });

  test('is the only kind that may be missing', () => {
    const { informer } = make();
    informer.failed(absent);
    expect(informer.blind).toBe(true);
  });
});

test('an object that a projection cannot read is kept whole, counted, and stops nothing', async () => {
  const sized = (object: KubeObject): KubeObject => {
    const data: unknown = Reflect.get(object, 'data');
    return {
      ...object,
      metadata: { ...object.metadata, labels: { size: String(Reflect.get(Object(data), 'size').length) } },
    };
  };
  const { informer, metrics } = make({ ...Note, project: sized } as Kind<KubeObject>);
  informer.begin('start');
  const bad: Note = { metadata: { namespace: 'a', name: 'bad', resourceVersion: '1' }, data: { other: 'whole' } };
  const good: Note = { metadata: { namespace: 'a', name: 'good', resourceVersion: '2' }, data: { size: '12' } };
  informer.upsert(bad, true);
  informer.upsert(good, true);
  informer.complete('2');
  expect(informer.store.get('a/bad')).toEqual(bad);
  expect(informer.store.get('a/good')).toMatchObject({ metadata: { labels: { size: '2' } } });
  expect(await metrics()).toContain('informer_handler_errors_total{kind="configmaps"} 1');
});
