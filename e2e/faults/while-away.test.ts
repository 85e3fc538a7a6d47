import { expect, test } from 'vitest';
import { AnswerError } from '../bench/api.ts';
import { whileAway } from './while-away.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const starting = new AnswerError('answered 503', 503);
const forbidden = new AnswerError('answered 403', 403);

const rows = [
  { name: 'an API server that comes back is asked again', failures: [refused, starting], limit: 60_000, sent: 3 },
  { name: 'what it refuses is not asked again', failures: [forbidden], limit: 60_000, sent: 1, fails: forbidden },
  { name: 'one that stays away is given up', failures: [refused, refused], limit: -1, sent: 1, fails: refused },
];

test.each(rows)('$name', async ({ failures, limit, sent, fails }) => {
  const left = [...failures];
  let count = 0;
  const send = async (): Promise<string> => {
    count += 1;
    const failure = left.shift();
    if (failure !== undefined) throw failure;
    return 'answer';
  };
  const outcome = await whileAway(send, limit).catch((error: unknown) => error);
  expect(outcome).toBe(fails ?? 'answer');
  expect(count).toBe(sent);
});
