import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeServer } from '../fake-server.ts';
import { conversations } from './index.ts';
import { play } from './play.ts';
import { readRecorded } from './record.ts';

let fake: FakeServer;
beforeEach(async () => {
  fake = await FakeServer.start();
  fake.unserved.add('gadgets.talk.gpuoptimizer.io');
});
afterEach(() => fake.close());

test.each(conversations)('the fake answers as the real API server did: $name', async (conversation) => {
  const { lines } = await readRecorded(conversation);
  expect(await play(conversation, fake.cluster)).toEqual(lines);
});
