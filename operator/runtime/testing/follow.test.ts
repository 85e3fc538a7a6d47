import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeServer } from './fake-server.ts';
import { type Following, follow } from './follow.ts';
import { Note } from './toys.ts';
import { until } from './wait.ts';

let fake: FakeServer;
let following: Following<Note>;

beforeEach(async () => {
  fake = await FakeServer.start();
});

afterEach(async () => {
  await following.stop();
  await fake.close();
});

/** The fake speaks nothing but JSON, as an aggregated API server may. */
test.each([{ pages: true }, { pages: false }])(
  'a server that answers protobuf in JSON is understood, in pages: $pages',
  async ({ pages }) => {
    const note = (name: string): Note => ({ metadata: { namespace: 'a', name }, data: { key: 'ü' } });
    fake.api.create('configmaps', note('old'));
    following = follow(fake.cluster, { ...Note, protobuf: { 1: { name: 'metadata', type: {} } } }, { pages });
    await following.synced;
    fake.api.create('configmaps', note('new'));
    await until('the change', () => following.list().length === 2);
    expect(following.list()).toMatchObject([note('old'), note('new')]);
    expect(new Set(following.contentTypes)).toEqual(new Set(['application/json']));
  },
);
