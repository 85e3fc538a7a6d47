import { expect, test } from 'vitest';
import { Invalid } from '../client/errors.ts';
import { entry, envelope, field, frame, message } from '../protobuf/encode.fixture.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Watcher } from './watcher.ts';

const table = {
  1: {
    name: 'metadata',
    type: {
      1: { name: 'name', type: 'string' },
      6: { name: 'resourceVersion', type: 'string' },
    },
  },
} as const;
const protobuf = 'application/vnd.kubernetes.protobuf';
const note = (name: string, version: string, ...rest: readonly Uint8Array[]): Buffer =>
  field(1, message(field(1, name), field(6, version), ...rest));
const ends = frame('BOOKMARK', 'Note', note('', '9', entry(12, 'k8s.io/initial-events-end', 'true')));
const expired = frame('ERROR', 'Status', message(field(3, 'too old'), field(4, 'Expired'), field(6, 410)));
const changed = (name: string, version: string): Buffer => frame('MODIFIED', 'Note', note(name, version));
const page = (token: string, ...names: readonly string[]): Buffer => {
  const meta = field(1, message(field(2, '9'), field(3, token)));
  return envelope('NoteList', message(meta, ...names.map((name) => field(2, note(name, '1')))));
};
const jsonLine = (type: string, name: string, resourceVersion: string): Buffer =>
  Buffer.from(`${JSON.stringify({ type, object: { metadata: { name, resourceVersion } } })}\n`);

interface Answer {
  readonly contentType: string;
  readonly parts: readonly Uint8Array[];
}

const watch = (...parts: readonly Uint8Array[]): Answer => ({ contentType: `${protobuf};stream=watch`, parts });
const list = (...parts: readonly Uint8Array[]): Answer => ({ contentType: protobuf, parts });
const json = (...parts: readonly Uint8Array[]): Answer => ({ contentType: 'application/json;stream=watch', parts });

/** Plays the answers in order, then stops. Tells what was asked and what was heard. */
async function play(answers: readonly (Answer | Error)[]): Promise<{ asked: string[]; heard: string[] }> {
  const [asked, heard]: [string[], string[]] = [[], []];
  const clock = new VirtualClock();
  const stop = new AbortController();
  const watcher = new Watcher({
    clock,
    random: () => 1,
    protobuf: table,
    sink: {
      begin: (reason) => heard.push(`begin ${reason}`),
      upsert: ({ metadata }, initial) => heard.push(`${initial ? 'listed' : 'changed'} ${metadata.name}`),
      remove: ({ metadata }) => heard.push(`removed ${metadata.name}`),
      complete: (version) => heard.push(`complete ${version}`),
      alive: () => undefined,
      failed: (error) => heard.push(`failed ${error instanceof Error ? error.name : ''}`),
    },
    open: async (query) => {
      const answer = answers[asked.length];
      asked.push(query.limit === undefined ? (query.resourceVersion ?? 'stream') : `page ${query.continue ?? ''}`);
      if (answer === undefined) stop.abort();
      if (answer instanceof Error) throw answer;
      return { contentType: answer?.contentType ?? protobuf, chunks: chunksOf(answer?.parts ?? []) };
    },
  });
  const run = watcher.run(stop.signal);
  await clock.advance(60_000);
  await run;
  return { asked, heard };
}

async function* chunksOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

const refused = new Invalid({ status: 422, reason: 'Invalid', url: 'WATCH', message: 'scripted' });

test.each([
  {
    name: 'a list streams, then changes come',
    answers: [watch(frame('ADDED', 'Note', note('a', '5')), ends, changed('a', '10'))],
    asked: ['stream', '10'],
    heard: ['begin start', 'listed a', 'complete 9', 'changed a'],
  },
  {
    name: 'pages, where lists do not stream',
    answers: [refused, list(page('x', 'a')), list(page('', 'b')), watch(changed('b', '10'))],
    asked: ['stream', 'page ', 'page x', '9', '10'],
    heard: ['begin start', 'begin start', 'listed a', 'listed b', 'complete 9', 'changed b'],
  },
  {
    name: 'an expired version leads to one list',
    answers: [watch(ends, changed('a', '10')), watch(expired), watch(ends, changed('a', '22'))],
    asked: ['stream', '10', 'stream', '22'],
    heard: ['begin start', 'complete 9', 'changed a', 'begin expired', 'complete 9', 'changed a'],
  },
  {
    name: 'a frame that is wrong loses nothing: the watch resumes before it',
    answers: [watch(ends, changed('a', '10'), Buffer.from([0, 0, 0, 1, 0x12])), watch(changed('b', '11'))],
    asked: ['stream', '10', '11'],
    heard: ['begin start', 'complete 9', 'changed a', 'failed AnswerMalformed', 'changed b'],
  },
  {
    name: 'a page that breaks off begins again',
    answers: [refused, list(page('', 'a').subarray(0, -9)), list(page('', 'a'))],
    asked: ['stream', 'page ', 'page ', '9'],
    heard: ['begin start', 'begin start', 'failed AnswerMalformed', 'begin start', 'listed a', 'complete 9'],
  },
  {
    name: 'an answer in JSON is read as JSON, also between others',
    answers: [watch(ends, changed('a', '10')), json(jsonLine('MODIFIED', 'b', '11')), watch(changed('c', '12'))],
    asked: ['stream', '10', '11', '12'],
    heard: ['begin start', 'complete 9', 'changed a', 'changed b', 'changed c'],
  },
])('$name', async ({ answers, asked, heard }) => {
  const found = await play(answers);
  expect(found).toEqual({ asked, heard });
});
