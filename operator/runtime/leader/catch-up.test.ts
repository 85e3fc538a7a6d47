import { describe, expect, test } from 'vitest';
import type { Call } from '../client/transport.ts';
import { silentLog, VirtualClock } from '../testing/index.ts';
import { Note, Toy } from '../testing/toys.ts';
import { catchUp } from './catch-up.ts';

/** Tells what was asked, and when it was over; `answer` plays the server. */
async function play(answer: (call: Call) => Promise<string>, stopAt?: number): Promise<readonly string[]> {
  const told: string[] = [];
  const clock = new VirtualClock();
  const stop = new AbortController();
  const transport = {
    send: (call: Call): Promise<string> => {
      told.push(`${call.path}?limit=${call.query?.limit}`);
      return answer(call);
    },
  };
  const over = catchUp({ kinds: [Toy, Note], transport, clock, log: silentLog }, stop.signal);
  void over.then(() => told.push(`over@${clock.monotonic()}`));
  if (stopAt !== undefined) {
    await clock.advance(stopAt);
    stop.abort();
  }
  await clock.advance(10_000);
  return told;
}

const asked = ['/apis/example.com/v1/toys?limit=1', '/api/v1/configmaps?limit=1'];

describe('a new leader', () => {
  test('asks for one object of each kind, freshly, and gives the watches a moment', async () => {
    expect(await play(async () => '{}')).toEqual([...asked, 'over@150']);
  });

  test('is not held up by a kind that cannot be read', async () => {
    expect(await play(async () => Promise.reject(new Error('forbidden')))).toEqual([...asked, 'over@150']);
  });

  test('stops waiting when it is told to stop', async () => {
    expect(await play(async () => '{}', 40)).toEqual([...asked, 'over@40']);
  });
});
