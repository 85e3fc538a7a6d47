import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { Board } from './board.ts';
import { formOf } from './frames.ts';
import { WatchStream } from './watch-stream.ts';

const frame = (name: string, text: string): Buffer =>
  Buffer.from(`${JSON.stringify({ type: 'ADDED', object: { metadata: { name }, text } })}\n`);

/** What comes out of a stream in which the first frame of zz0001 is swallowed. */
async function carried(frames: readonly Buffer[]): Promise<readonly string[]> {
  const board = new Board();
  board.armWatch({ token: 'zz0001', resource: 'namespaces', fault: 'swallow', object: 'PLAN', occurrence: 1 });
  const form = formOf('application/json');
  const context = { resource: 'namespaces', initial: false, form, board, record: () => undefined };
  const server = createServer(async (_, response) => {
    const stream = new WatchStream(context, response);
    await stream.carry(
      (async function* () {
        yield* frames;
      })(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  const text = await (await fetch(`http://127.0.0.1:${address.port}`)).text();
  server.close();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).object.text);
}

const rows = [
  { name: 'the next of its object takes its place', frames: ['zz0001 a', 'zz0001 b'], out: ['b'] },
  { name: 'another object does not', frames: ['zz0001 a', 'zz0002 b', 'zz0001 c'], out: ['b', 'c'] },
  // Else it would be lost for good, which no API server does: the watch goes on after the last frame that came.
  { name: 'with the end of the stream it comes', frames: ['zz0001 a', 'zz0002 b'], out: ['b', 'a'] },
];

test.each(rows)('a swallowed frame: $name', async ({ frames, out }) => {
  expect(await carried(frames.map((each) => frame(each.slice(0, 6), each.slice(7))))).toEqual(out);
});
