import { expect, test } from 'vitest';
import { ConnectionLost, Gone, Invalid, TooManyRequests } from '../client/errors.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { type Sink, Watcher } from './watcher.ts';

const fields = { status: 0, reason: '', url: 'WATCH', message: 'scripted' };
const frame = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
const added = (name: string, version: string): string =>
  frame('ADDED', { metadata: { name, resourceVersion: version } });
const changed = (name: string, version: string): string =>
  frame('MODIFIED', { metadata: { name, resourceVersion: version } });
const end = (version: string): string =>
  frame('BOOKMARK', { metadata: { resourceVersion: version, annotations: { 'k8s.io/initial-events-end': 'true' } } });
const failure = (code: number): string => frame('ERROR', { kind: 'Status', code, message: 'scripted' });
const page = (names: readonly string[], next = ''): string =>
  JSON.stringify({
    metadata: { resourceVersion: '50', continue: next },
    items: names.map((name) => ({ metadata: { name } })),
  });

/** One answer: text that ends, an error before the headers, or text and then an error. */
type Answer = string | Error | { readonly text: string; readonly breaks: Error };

/** Plays the answers in order; after the last the watch stays open. Tells what was asked and what was heard. */
async function play(answers: readonly Answer[], millis = 60_000): Promise<{ asked: string[]; heard: string[] }> {
  const asked: string[] = [];
  const heard: string[] = [];
  const clock = new VirtualClock();
  const sink: Sink = {
    begin: (reason) => heard.push(`begin ${reason}`),
    upsert: ({ metadata }, initial) => heard.push(`${initial ? 'listed' : 'changed'} ${metadata.name}`),
    remove: ({ metadata }) => heard.push(`removed ${metadata.name}`),
    complete: () => heard.push('complete'),
    alive: () => undefined,
    failed: (error) => heard.push(`failed ${error instanceof Error ? error.name : ''}`),
  };
  const stop = new AbortController();
  const watcher = new Watcher({
    clock,
    sink,
    random: () => 1,
    open: async (query, signal) => {
      const what = query.limit === undefined ? (query.resourceVersion ?? 'stream') : `page ${query.continue ?? ''}`;
      asked.push(`${what}@${clock.monotonic()}`);
      return { contentType: 'application/json', chunks: answer(answers[asked.length - 1], signal) };
    },
  });
  const run = watcher.run(stop.signal);
  await clock.advance(millis);
  stop.abort();
  await run;
  return { asked, heard };
}

async function* answer(made: Answer | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (made instanceof Error) throw made;
  if (made === undefined) {
    await new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
    return;
  }
  yield Buffer.from(typeof made === 'string' ? made : made.text);
  if (typeof made !== 'string') throw made.breaks;
}

const rows: readonly {
  name: string;
  answers: readonly Answer[];
  asked: readonly string[];
  heard: readonly string[];
}[] = [
  {
    name: 'a list streams, then changes come, and a watch that ends is resumed at once',
    answers: [added('a', '5') + end('9') + changed('a', '10')],
    asked: ['stream@0', '10@0'],
    heard: ['begin start', 'listed a', 'complete', 'changed a'],
  },
  {
    name: 'a server without watch-list is asked for pages, once and for all',
    answers: [new Invalid({ ...fields, status: 422 }), page(['a'], 'x'), page(['b'])],
    asked: ['stream@0', 'page @0', 'page x@0', '50@0'],
    heard: ['begin start', 'begin start', 'listed a', 'listed b', 'complete'],
  },
  {
    name: 'an expired version leads to one list, without delay',
    answers: [end('9') + changed('a', '10'), failure(410), added('a', '20') + end('21') + changed('a', '22')],
    asked: ['stream@0', '10@0', 'stream@0', '22@0'],
    heard: ['begin start', 'complete', 'changed a', 'begin expired', 'listed a', 'complete', 'changed a'],
  },
  {
    name: 'expired before the headers counts the same',
    answers: [end('9') + changed('a', '10'), new Gone({ ...fields, status: 410 }), end('21') + changed('a', '22')],
    asked: ['stream@0', '10@0', 'stream@0', '22@0'],
    heard: ['begin start', 'complete', 'changed a', 'begin expired', 'complete', 'changed a'],
  },
  {
    name: 'an error frame that is not understood backs off and resumes',
    answers: [end('9') + changed('a', '10'), failure(500)],
    asked: ['stream@0', '10@0', '10@800'],
    heard: ['begin start', 'complete', 'changed a', 'failed ServerError'],
  },
  {
    name: 'a broken line loses nothing: the watch resumes before it',
    answers: [`${end('9')}${changed('a', '10')}{"type":"MODI\n`, changed('b', '11')],
    asked: ['stream@0', '10@800', '11@800'],
    heard: ['begin start', 'complete', 'changed a', 'failed AnswerMalformed', 'changed b'],
  },
  {
    name: 'a list that breaks off begins again',
    answers: [
      { text: added('a', '5'), breaks: new ConnectionLost(fields) },
      added('a', '5') + end('9') + changed('a', '10'),
    ],
    asked: ['stream@0', 'stream@800', '10@800'],
    heard: ['begin start', 'listed a', 'failed ConnectionLost', 'begin start', 'listed a', 'complete', 'changed a'],
  },
  {
    name: 'a server that is away is asked less and less often',
    answers: [1, 2, 3, 4].map(() => new ConnectionLost(fields)),
    asked: ['stream@0', 'stream@800', 'stream@2400', 'stream@5600', 'stream@12000'],
    heard: ['failed ConnectionLost', 'failed ConnectionLost', 'failed ConnectionLost', 'failed ConnectionLost']
      .flatMap((one) => ['begin start', one])
      .concat('begin start'),
  },
  {
    name: 'a server that ends every watch at once is not asked in a hot loop',
    answers: [end('9'), '', '', ''],
    asked: ['stream@0', '9@0', '9@800', '9@2400', '9@5600'],
    heard: ['begin start', 'complete'],
  },
];

test.each(rows)('$name', async ({ answers, asked, heard }) => {
  const found = await play(answers);
  expect(found.asked).toEqual(asked);
  expect(found.heard).toEqual(heard);
});

test('a connection that is silent for too long is dropped and resumed', async () => {
  const asked: string[] = [];
  const failed: unknown[] = [];
  const clock = new VirtualClock();
  const stop = new AbortController();
  const nothing = (): void => undefined;
  const sink = { begin: nothing, upsert: nothing, remove: nothing, complete: nothing, alive: nothing };
  const run = new Watcher({
    clock,
    random: () => 1,
    silenceMillis: 30,
    sink: { ...sink, failed: (error) => failed.push(error) },
    open: async (query, signal) => {
      asked.push(query.resourceVersion ?? 'stream');
      return { contentType: 'application/json', chunks: silentAfter(asked.length === 1 ? end('9') : '', signal) };
    },
  }).run(stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await clock.advance(1_000);
  expect(asked).toEqual(['stream', '9']);
  expect(String(failed[0])).toContain('silent for 30 ms');
  // A stream that never says a word, from a server that is known to send bookmarks, is dropped as well.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await clock.advance(2_000);
  expect(asked.slice(0, 3)).toEqual(['stream', '9', '9']);
  stop.abort();
  await run;
});

async function* silentAfter(text: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text);
  yield* answer(undefined, signal);
}

test.each([
  { name: 'a short wish does not shorten the backoff', seconds: 0, at: 800 },
  { name: 'the wish of an overloaded server is kept', seconds: 12, at: 12_000 },
  { name: 'an endless one is not', seconds: 86_400, at: 60_000 },
])('Retry-After: $name', async ({ seconds, at }) => {
  const overloaded = new TooManyRequests({ ...fields, status: 429, retryAfter: seconds * 1000 });
  const { asked } = await play([overloaded, end('7')], 90_000);
  expect(asked.slice(0, 2)).toEqual(['stream@0', `stream@${at}`]);
});
