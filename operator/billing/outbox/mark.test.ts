import { expect, test } from 'vitest';

import type { ConfigMap } from '../../kube/index.ts';
import { AlreadyExists, Conflict, type Key, type KubeObject } from '../../runtime/index.ts';
import { clusterMark } from './mark.ts';

const { signal } = new AbortController();
const said = { status: 409, reason: 'Conflict', message: 'changed meanwhile', url: 'PUT configmap' } as const;

/** A namespace with the ConfigMap or without; counts what is asked. */
class Place {
  held: KubeObject | undefined;
  reads = 0;
  writes = 0;
  fails: Error | undefined;

  hold(batch: string): void {
    const held: ConfigMap = {
      metadata: { namespace: 'ops', name: 'gpuopt-sent', resourceVersion: String(this.writes) },
      data: { batch },
    };
    this.held = held;
  }

  readonly get = async <T extends KubeObject>(_: unknown, key: Key): Promise<T | undefined> => {
    expect(key).toEqual({ namespace: 'ops', name: 'gpuopt-sent' });
    this.reads += 1;
    return this.held as T | undefined;
  };

  readonly create = async <T extends KubeObject>(_: unknown, object: T): Promise<T> => {
    if (this.held !== undefined) throw new AlreadyExists(said);
    return this.#write(object);
  };

  readonly replace = async <T extends KubeObject>(_: unknown, object: T): Promise<T> => {
    if (object.metadata.resourceVersion !== this.held?.metadata.resourceVersion) throw new Conflict(said);
    return this.#write(object);
  };

  #write<T extends KubeObject>(object: T): T {
    if (this.fails !== undefined) throw this.fails;
    this.writes += 1;
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.writes) } };
    this.held = written;
    return written;
  }
}

test('nothing is kept at first; each raise writes, lower ones do not, and reading asks once', async () => {
  const place = new Place();
  const mark = clusterMark(place, 'ops');
  expect(await mark.read(signal)).toBe(0n);
  await mark.raise(1n, signal);
  await mark.raise(2n, signal);
  await mark.raise(2n, signal);
  expect(await mark.read(signal)).toBe(2n);
  expect(place).toMatchObject({ held: { data: { batch: '2' } }, reads: 1, writes: 2 });
});

test('a new process reads what the one before kept', async () => {
  const place = new Place();
  place.hold('41');
  expect(await clusterMark(place, 'ops').read(signal)).toBe(41n);
});

test.each([
  ['a successor kept a higher one: it stays', '9', true],
  ['another wrote a lower one: nothing may leave until the next round', '3', false],
])('written by another meanwhile: %s', async (_, theirs, isKept) => {
  const place = new Place();
  const mark = clusterMark(place, 'ops');
  await mark.raise(4n, signal);
  place.writes += 1;
  place.hold(theirs);
  const raised = mark.raise(5n, signal);
  await (isKept ? expect(raised).resolves.toBeUndefined() : expect(raised).rejects.toBeInstanceOf(Conflict));
  expect(place.held).toMatchObject({ data: { batch: theirs } });
  await mark.raise(6n, signal);
  expect(await mark.read(signal)).toBe(isKept ? 9n : 6n);
});

test('a write that broke off is looked at before the next one', async () => {
  const place = new Place();
  const mark = clusterMark(place, 'ops');
  place.fails = new Error('no answer');
  await expect(mark.raise(1n, signal)).rejects.toThrow('no answer');
  place.fails = undefined;
  place.hold('1');
  expect(await mark.read(signal)).toBe(1n);
  await mark.raise(2n, signal);
  expect(place.held).toMatchObject({ data: { batch: '2' } });
});

test.each(['', 'many', '-1', '1e3'])('a ConfigMap that holds "%s" stops what would leave', async (text) => {
  const place = new Place();
  place.hold(text);
  await expect(clusterMark(place, 'ops').read(signal)).rejects.toMatchObject({ code: 'SentMarkUnreadable' });
});
