/** HTTP without an opinion: every answer is data, refusals too. */
import { type ClientRequest, type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Cluster } from '../../client/cluster.ts';
import type { BodyType } from './conversation.ts';

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly retryAfter?: string;
  readonly body: unknown;
}

/** What is sent. */
export interface Sent {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly type?: BodyType;
  readonly body?: unknown;
}

const contentTypes: Readonly<Record<BodyType, string>> = {
  json: 'application/json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  'json-patch': 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Sends one request and reads the whole answer. */
export async function send(cluster: Cluster, sent: Sent): Promise<Answer> {
  const response = await begin(cluster, sent);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  return answerOf(response, Buffer.concat(chunks).toString('utf8'));
}

/** A watch that is read frame by frame. */
export interface Stream {
  /** The next frames; fewer when the stream ends or nothing comes for `patienceMillis`. */
  readonly next: (frames: number) => Promise<readonly unknown[]>;
  readonly end: () => void;
}

const patienceMillis = 10_000;

/** Opens a watch; a refusal is an answer. */
export async function open(cluster: Cluster, path: string): Promise<Stream | Answer> {
  const response = await begin(cluster, { method: 'GET', path });
  if (response.statusCode !== 200) {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
    return answerOf(response, Buffer.concat(chunks).toString('utf8'));
  }
  const heard: unknown[] = [];
  let rest = '';
  let wake = (): void => undefined;
  let ended = false;
  response.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    heard.push(...lines.map((line): unknown => JSON.parse(line)));
    wake();
  });
  const finish = (): void => {
    ended = true;
    wake();
  };
  response.on('close', finish).on('error', finish);
  return {
    next: async (frames) => {
      const patience = setTimeout(finish, patienceMillis);
      while (heard.length < frames && !ended) await new Promise<void>((resolve) => (wake = resolve));
      clearTimeout(patience);
      return heard.splice(0, frames);
    },
    end: () => response.destroy(),
  };
}

async function begin(cluster: Cluster, { method, path, type, body }: Sent): Promise<IncomingMessage> {
  const { headers, tls } = await cluster.credentials();
  const ask = cluster.server.startsWith('https:') ? secure : plain;
  const text = body === undefined ? undefined : JSON.stringify(body);
  // Without a length, Node sends the body of a DELETE so that no server reads it.
  const length = text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) };
  const typed = type === undefined ? length : { ...length, 'content-type': contentTypes[type] };
  const options = { ...tls, method, headers: { ...headers, ...typed, accept: 'application/json' }, agent: false };
  return new Promise((resolve, reject) => {
    const made: ClientRequest = ask(new URL(cluster.server + path), options, resolve);
    made.on('error', reject).end(text);
  });
}

function answerOf(response: IncomingMessage, text: string): Answer {
  const retryAfter = response.headers['retry-after'];
  return { status: response.statusCode ?? 0, ...(retryAfter && { retryAfter }), body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A path that no API serves is answered in plain text.
    return text;
  }
}
