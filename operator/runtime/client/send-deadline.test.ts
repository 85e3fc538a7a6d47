import { createServer, type Server } from 'node:http';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sentInTime } from './send-deadline.ts';

let server: Server;
let agent: Agent;
let heard: string[];
let answerFirst: () => void;

beforeEach(async () => {
  heard = [];
  server = createServer((incoming, response) => {
    heard.push(incoming.method ?? '');
    if (incoming.method === 'GET') answerFirst = () => response.end('{}');
    else response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  agent = new Agent({ connections: 1, pipelining: 1 });
});

afterEach(async () => {
  await agent.destroy();
  server.close();
});

function url(): string {
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
}

test.each([
  { name: 'goes out while its time lasts', inTime: true, methods: ['GET', 'POST'], end: 200 },
  { name: 'never goes out once its time is over', inTime: false, methods: ['GET'], end: 'TooLateToSend' },
])('a write that waited for a connection $name', async ({ inTime, methods, end }) => {
  let asked = false;
  const first = request(url(), { dispatcher: agent }).then(({ body }) => body.text());
  await expect.poll(() => heard).toEqual(['GET']);
  const dispatcher = sentInTime(agent, () => {
    asked = true;
    return inTime;
  });
  const second = request(url(), { dispatcher, method: 'POST', body: '{}' }).then(
    ({ statusCode }) => statusCode,
    (error: unknown) => Reflect.get(Object(error), 'code'),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toBe(false);
  answerFirst();
  await first;
  expect(await second).toBe(end);
  expect(heard).toEqual(methods);
});
