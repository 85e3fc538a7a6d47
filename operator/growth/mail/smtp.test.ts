import { expect, test } from 'vitest';
import { classify } from './smtp.ts';

const rows = [
  {
    name: '550 at RCPT',
    error: { responseCode: 550, response: '550 5.1.1 no such user', command: 'RCPT TO' },
    body: false,
    is: { state: 'rejected', reply: '550 5.1.1', scope: 'message', hardBounce: true },
  },
  {
    name: '550 for policy',
    error: { responseCode: 550, response: '550 5.7.1 spam', command: 'DATA' },
    body: true,
    is: { state: 'rejected', reply: '550 5.7.1', scope: 'message', hardBounce: false },
  },
  {
    name: 'a full mailbox',
    error: { responseCode: 552, response: '552 5.2.2 full', command: 'RCPT TO' },
    body: false,
    is: { state: 'rejected', hardBounce: false },
  },
  {
    name: '521 without an enhanced code',
    error: { responseCode: 521, response: '521 no mail here', command: 'RCPT TO' },
    body: false,
    is: { state: 'rejected', hardBounce: true },
  },
  {
    name: '451 after the text',
    error: { responseCode: 451, response: '451 later', command: 'DATA' },
    body: true,
    is: { state: 'deferred', reply: '451', scope: 'message' },
  },
  {
    name: '421 anywhere',
    error: { responseCode: 421, response: '421 closing', command: 'RCPT TO' },
    body: false,
    is: { state: 'deferred', scope: 'server' },
  },
  {
    name: '535 at login',
    error: { responseCode: 535, response: '535 5.7.8 no', command: 'AUTH PLAIN', code: 'EAUTH' },
    body: false,
    is: { state: 'deferred', reply: '535 5.7.8', scope: 'server' },
  },
  {
    name: 'no connection',
    error: { code: 'ECONNECTION', command: 'CONN' },
    body: false,
    is: { state: 'deferred', reply: 'ECONNECTION', scope: 'server' },
  },
  {
    name: 'the connection ends after the text began',
    error: { code: 'ECONNECTION', command: 'CONN' },
    body: true,
    is: { state: 'unknown', scope: 'server' },
  },
  {
    name: 'silence after the text began',
    error: { code: 'ETIMEDOUT', command: 'CONN' },
    body: true,
    is: { state: 'unknown' },
  },
] as const;

test.for(rows)('$name', ({ error, body, is }) => {
  expect(classify(error, body)).toMatchObject(is);
});
