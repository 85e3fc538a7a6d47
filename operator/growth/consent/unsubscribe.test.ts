import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger, createRegistry, systemClock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { testStores } from '../../store/testing/index.ts';
import { httpServer } from '../http/server.ts';
import { jobApi } from '../room.ts';
import { growthKey } from '../run/secrets.ts';
import type { ReviewedToken } from '../run/token-check.ts';
import { readToken, signToken } from './token.ts';

const stores = testStores();
const stop = new AbortController();
const contactId = crypto.randomUUID();
let store: Store;
let url: string;
let serving: Promise<void>;
let reviews = 0;

const reviewed: Readonly<Record<string, ReviewedToken>> = {
  good: {
    authenticated: true,
    audiences: ['gpuoptimizer.io/jobs'],
    user: { username: 'system:serviceaccount:growth:gpuopt-growth-job' },
  },
  otherAudience: {
    authenticated: true,
    audiences: ['https://kubernetes.default.svc'],
    user: { username: 'system:serviceaccount:growth:gpuopt-growth-job' },
  },
  otherAccount: {
    authenticated: true,
    audiences: ['gpuoptimizer.io/jobs'],
    user: { username: 'system:serviceaccount:growth:default' },
  },
  person: { authenticated: true, audiences: ['gpuoptimizer.io/jobs'], user: { username: 'alice' } },
};

beforeAll(async () => {
  const opened = await stores.open('pglite');
  if ('unavailable' in opened) throw new Error(opened.unavailable);
  store = opened;
  const now = new Date();
  const person = {
    id: contactId,
    namespace: 'growth',
    email: 'a@example.com',
    email_key: 'a@example.com',
    email_hash: 'hash',
    name: 'Ann',
    first_run: crypto.randomUUID(),
    first_step: 'import',
    created_at: now,
  };
  await store.db.insertInto('growth_contact').values(person).execute();
  const review = async (token: string): Promise<ReviewedToken> => {
    reviews += 1;
    return reviewed[token] ?? {};
  };
  const log = createLogger({ level: 'silent' });
  const handlers = jobApi({ store, clock: systemClock, log, registry: createRegistry(), review });
  const port = await new Promise<number>((resolve) => {
    serving = httpServer({ name: 'jobs', host: '127.0.0.1', port: 0, handlers, log, onListening: resolve }).run(
      stop.signal,
    );
  });
  url = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  stop.abort();
  await serving;
  await stores.close();
});

test('GET shows a page and changes nothing; POST unsubscribes, as often as it is sent', async () => {
  const token = signToken(await growthKey(store.db, new Date()), { contactId, topic: 'product-news' });
  expect(token).not.toContain('example');
  const page = await fetch(`${url}/unsubscribe/${token}`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('<strong>product-news</strong>');
  expect(await store.db.selectFrom('growth_suppression').selectAll().execute()).toEqual([]);
  for (const _again of [1, 2]) {
    const answer = await fetch(`${url}/unsubscribe/${token}`, {
      method: 'POST',
      body: 'List-Unsubscribe=One-Click',
      redirect: 'error',
    });
    expect(answer.status).toBe(200);
  }
  expect(await store.db.selectFrom('growth_suppression').select(['namespace', 'topic', 'reason']).execute()).toEqual([
    { namespace: 'growth', topic: 'product-news', reason: 'unsubscribed' },
  ]);
  expect(await store.db.selectFrom('growth_consent_event').select('kind').execute()).toEqual([{ kind: 'withdrawn' }]);
});

test('a forged, cut or foreign token is unknown', async () => {
  const key = await growthKey(store.db, new Date());
  const token = signToken(key, { contactId, topic: 'product-news' });
  const foreign = signToken(
    { id: 'k1', secret: createHash('sha256').update('other').digest() },
    { contactId, topic: 'product-news' },
  );
  for (const bad of ['', 'x', '.', token.slice(0, -1), `${token}x`, `x${token}`, foreign, '%00', 'a'.repeat(2_000)]) {
    expect(readToken(key, bad)).toBeUndefined();
    expect((await fetch(`${url}/unsubscribe/${bad}`, { method: 'POST' })).status).toBe(404);
  }
  expect((await fetch(`${url}/unsubscribe/${token}`, { method: 'DELETE' })).status).toBe(405);
});

const request = {
  campaign: { namespace: 'growth', name: 'c', uid: 'u' },
  jobUid: 'j',
  claimant: 'me',
  configHash: 'h',
  dryRun: false,
};
const fence = { runId: crypto.randomUUID(), attempt: 1 };

test.for([
  { name: 'no token', token: undefined, method: 'claim', body: { request }, status: 401 },
  { name: 'an unknown token', token: 'bad', method: 'claim', body: { request }, status: 401 },
  { name: 'a token of another audience', token: 'otherAudience', method: 'claim', body: { request }, status: 401 },
  { name: 'a token of another account', token: 'otherAccount', method: 'claim', body: { request }, status: 401 },
  { name: 'a person', token: 'person', method: 'claim', body: { request }, status: 401 },
  { name: 'the right token', token: 'good', method: 'claim', body: { request }, status: 200 },
  {
    name: 'a campaign of another namespace',
    token: 'good',
    method: 'claim',
    body: { request: { ...request, campaign: { ...request.campaign, namespace: 'x' } } },
    status: 403,
  },
  { name: 'a run that is not there', token: 'good', method: 'heartbeat', body: { fence }, status: 403 },
  { name: 'an unknown method', token: 'good', method: 'drop', body: {}, status: 400 },
  { name: 'a method of Object', token: 'good', method: 'constructor', body: {}, status: 400 },
  { name: 'a field too many', token: 'good', method: 'heartbeat', body: { fence, more: 1 }, status: 400 },
  {
    name: 'a body that is too large',
    token: 'good',
    method: 'heartbeat',
    body: { fence, more: 'x'.repeat(1_100_000) },
    status: 413,
  },
])('a run pod with $name gets $status', async ({ token, method, body, status }) => {
  const answer = await fetch(`${url}/jobs/growth/v1/${method}`, {
    method: 'POST',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(status);
});

test('a good token is reviewed once a minute, not for each call', () => {
  expect(reviews).toBeLessThan(8);
});

test('a request whose target is no URL is unknown and no failure of ours', async () => {
  const { host } = new URL(url);
  const [hostname = '', port] = host.split(':');
  const status = await new Promise<number | undefined>((resolve, reject) => {
    httpRequest({ hostname, port, path: '//' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(404);
});
