import { createServer } from 'node:http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { type Clock, createLogger } from '../observability/index.ts';
import { asOwner, storeForFile } from '../store/testing/index.ts';
import { clusterAuthoriser, portalAudience } from './authorise.ts';
import type { Entitlement } from './entitlement.ts';
import { openApi } from './openapi.ts';
import type { PaymentPages } from './pages.ts';
import { portalApi } from './portal-api.ts';
import { PortalProblem } from './problem.ts';
import { routes } from './routes.ts';

const store = storeForFile();
let now = Date.parse('2026-01-15T00:00:00Z');
let elapsed = 0;
const clock: Clock = { now: () => now, monotonic: () => elapsed, sleep: () => new Promise(() => undefined) };

/** Tokens are names; alice may do everything with acme, bob may read globex, and nobody else may do anything. */
const users: Readonly<Record<string, readonly string[]>> = {
  alice: ['get usage acme', 'create billing acme', 'get usage lonely', 'create billing lonely'],
  bob: ['get usage globex'],
  eve: [],
};
let reviews = 0;
const client: Parameters<typeof clusterAuthoriser>[0] = {
  create: async (_kind, object) => {
    reviews += 1;
    const spec: unknown = Reflect.get(object, 'spec');
    const attributes: unknown = Reflect.get(Object(spec), 'resourceAttributes');
    if (attributes === undefined) {
      const token = String(Reflect.get(Object(spec), 'token'));
      const status = { authenticated: token in users, audiences: [portalAudience], user: { username: token } };
      return { ...object, status };
    }
    const [verb, sub, name] = ['verb', 'subresource', 'name'].map((key) => Reflect.get(Object(attributes), key));
    const user = String(Reflect.get(Object(spec), 'user'));
    return { ...object, status: { allowed: users[user]?.includes(`${verb} ${sub} ${name}`) ?? false } };
  },
};
/** Tenants whose plans leave the portal out. */
const without = new Set<string>();
const entitlement: Entitlement = {
  require: async (tenant) => {
    if (without.has(tenant)) throw new PortalProblem('NotEntitled', 'the plan leaves it out');
  },
};
const pages: PaymentPages = {
  checkout: async ({ provider, customer }, { successUrl }) =>
    `https://pay.example/${provider}/${customer}?${successUrl}`,
  billingPortal: async () => {
    throw new Error('the provider is down');
  },
};

const server = createServer((request, response) => {
  handler(request, response).then(
    (taken) => void (taken || response.writeHead(404).end()),
    () => response.destroy(),
  );
});
let handler: ReturnType<typeof portalApi>;
let base: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => void server.close());

beforeEach(async () => {
  now = Date.parse('2026-01-15T00:00:00Z');
  elapsed = 0;
  reviews = 0;
  without.clear();
  const log = createLogger({ level: 'silent' });
  const authoriser = clusterAuthoriser(client, clock);
  handler = portalApi({
    store: store(),
    clock,
    pages,
    authoriser,
    entitlement,
    log,
    version: '1',
    rate: { perSecond: 1, burst: 50 },
  });
  await asOwner(store(), async (trx) => {
    for (const [index, tenant] of ['acme', 'globex'].entries()) {
      const customer = `cus_${tenant}`;
      await sql`INSERT INTO price_book VALUES (${tenant}, 1, 'usd', '2025-01-01', ${tenant}, 'd')`.execute(trx);
      await sql`INSERT INTO price_sku (book, version, name, model, profile, per_hour, unit_price)
        VALUES (${tenant}, 1, 'l4', 'L4', 'full', '2.50', 0.069444444444)`.execute(trx);
      await sql`INSERT INTO customer_link (tenant, provider, customer, book)
        VALUES (${tenant}, 'stripe', ${customer}, ${tenant})`.execute(trx);
      for (const hour of [0, 1, 2]) {
        const start = new Date(Date.UTC(2026, 0, 1, hour));
        await sql`WITH w AS (INSERT INTO usage_window (tenant, meter, model, profile, window_start, window_end, revision,
          exact_ms, carry_ms, quantity, estimated, prev_hash, hash) VALUES (${tenant}, 'm', 'L4', 'full', ${start},
          ${new Date(start.getTime() + 3_600_000)}, 1, 0, 0, ${3600 + index}, ${hour === 2}, '', '') RETURNING id, quantity)
          INSERT INTO charge (usage_window_id, tenant, sku, book, version, currency, unit_price, quantity, amount)
          SELECT id, ${tenant}, 'l4', ${tenant}, 1, 'usd', 0.069444444444, quantity, quantity * 0.069444444444
          FROM w`.execute(trx);
      }
      for (const month of [1, 2]) {
        await sql`INSERT INTO invoice_mirror VALUES ('stripe', ${`in_${tenant}_${month}`}, ${customer}, NULL, NULL, 'open',
          'usd', 250, 250, 0, 250, ${new Date(Date.UTC(2025, month, 1))}, ${new Date(Date.UTC(2025, month + 1, 1))}, NULL,
          now())`.execute(trx);
      }
      await sql`INSERT INTO subscription_mirror VALUES ('stripe', ${`sub_${tenant}`}, ${customer}, 'active', NULL, NULL,
        NULL, NULL, now())`.execute(trx);
    }
  });
});

const document = openApi('1');
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(document, 'portal');

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

/** Asks, and holds what is answered against the document: the status must be stated, and the body be of its schema. */
async function ask(
  path: string,
  options: { token?: string; method?: string; body?: unknown; type?: string } = {},
): Promise<Answer> {
  const { token = 'alice', method = 'GET', body } = options;
  const type = options.type ?? 'application/json';
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': type }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const value: Readonly<Record<string, unknown>> = JSON.parse(await response.text());
  conforms(path, method, response, value);
  return { status: response.status, body: value, headers: response.headers };
}

function conforms(path: string, method: string, response: Response, value: unknown): void {
  const media = response.status === 200 ? 'application/json' : 'application/problem+json';
  expect(response.headers.get('content-type')).toBe(media);
  const template = `/v1/tenants/{tenant}${/^\/v1\/tenants\/[^/]+(\/[a-z-]+)/.exec(new URL(path, base).pathname)?.[1] ?? ''}`;
  const pointer = [
    'paths',
    template,
    method.toLowerCase(),
    'responses',
    String(response.status),
    'content',
    media,
    'schema',
  ];
  const found = pointer.reduce<unknown>((at, key) => Reflect.get(Object(at), key), document);
  // A path or method that is none has no entry; its answer is a problem all the same.
  const schema = found === undefined ? '/components/schemas/Problem' : `/${pointer.map(escaped).join('/')}`;
  if (found === undefined) expect([404, 405, 400]).toContain(response.status);
  const isValid = ajv.compile({ $ref: `portal#${schema}` });
  expect(isValid(value) ? [] : isValid.errors).toEqual([]);
}

const escaped = (key: string): string => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
const january = 'from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';

test('the document names every route once, and is served to anybody', async () => {
  const response = await fetch(`${base}/openapi.json`);
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
  const operations = Object.values(Object(document.paths)).flatMap((item) => Object.values(Object(item)));
  expect(operations.map((one) => Reflect.get(Object(one), 'operationId'))).toEqual(routes.map(({ id }) => id));
});

describe('what a tenant reads', () => {
  test('usage by hour, in pages that miss and repeat nothing', async () => {
    const starts: unknown[] = [];
    let cursor: unknown = '';
    for (let page = 0; cursor !== null && page < 5; page += 1) {
      const { body } = await ask(
        `/v1/tenants/acme/usage?${january}&limit=2${cursor === '' ? '' : `&cursor=${String(cursor)}`}`,
      );
      starts.push(...Object(body.items).map((item: object) => Reflect.get(item, 'start')));
      cursor = body.nextCursor;
    }
    expect(starts).toEqual([0, 1, 2].map((hour) => `2026-01-01T0${hour}:00:00.000Z`));
  });

  test.each([
    ['window', 3, '3600'],
    ['hour', 3, '3600'],
    ['day', 1, '10800'],
  ])('usage by %s', async (by, count, quantity) => {
    const { body } = await ask(`/v1/tenants/acme/usage?${january}&by=${by}`);
    expect(body).toMatchObject({ tenant: 'acme', by, nextCursor: null });
    expect(body.items).toHaveLength(count);
    expect(body.items).toMatchObject([{ quantity, unit: 'GPU-seconds', meter: 'm' }, ...Array(count - 1).fill({})]);
  });

  test('charges are those of the month, exact', async () => {
    const { body } = await ask('/v1/tenants/acme/charges');
    expect(body).toMatchObject({
      ...{ from: '2026-01-01T00:00:00.000Z', to: '2026-01-15T00:00:00.000Z', unpricedQuantity: '0' },
      lines: [{ sku: 'l4', quantity: '10800', amountMinor: '749.999999995200', unitPriceMinor: '0.069444444444' }],
      totals: [{ currency: 'usd', amountMinor: '749.999999995200' }],
    });
  });

  test('charges have the fee and the commitment of months that begin in the time, and those of nobody else', async () => {
    await asOwner(store(), async (trx) => {
      for (const [tenant, fee] of [
        ['acme', 4900],
        ['globex', 7700],
      ]) {
        await sql`INSERT INTO plan_term VALUES (${tenant}, '2026-01-01', 'gold', 'usd', ${fee}, 1000, NULL)`.execute(
          trx,
        );
      }
    });
    const { body } = await ask('/v1/tenants/acme/charges');
    const month = { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z', currency: 'usd' };
    expect(body).toMatchObject({
      items: [
        { ...month, kind: 'fee', plan: 'gold', amountMinor: '4900.000000000000' },
        { ...month, kind: 'minimum', plan: null, amountMinor: '250.000000004800' },
      ],
      totals: [{ currency: 'usd', amountMinor: '5900.000000000000' }],
    });
    const later = await ask('/v1/tenants/acme/charges?from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z');
    expect(later.body).toMatchObject({ items: [] });
  });

  test('invoices, newest first, in pages; the plan', async () => {
    const first = await ask('/v1/tenants/acme/invoices?limit=1');
    expect(first.body.items).toMatchObject([{ id: 'in_acme_2', totalMinor: '250' }]);
    const second = await ask(`/v1/tenants/acme/invoices?limit=1&cursor=${String(first.body.nextCursor)}`);
    expect(second.body).toMatchObject({ items: [{ id: 'in_acme_1' }], nextCursor: null });
    const { body } = await ask('/v1/tenants/acme/plan');
    expect(body).toMatchObject({
      ...{ provider: 'stripe', book: 'acme', version: 1, currency: 'usd' },
      subscriptions: [{ id: 'sub_acme', status: 'active' }],
      prices: [
        {
          ...{ sku: 'l4', perHour: '2.50', mode: 'Graduated', includedSeconds: '0' },
          tiers: [{ upToSeconds: null, unitPriceMinor: '0.069444444444' }],
        },
      ],
    });
  });

  test('the plan says what is in tiers and what is included; charges by them are not the unit price times the quantity', async () => {
    await asOwner(store(), async (trx) => {
      const tiers = '{"mode":"Volume","tiers":[{"upTo":"3600","unitPrice":"2.5"},{"unitPrice":"1"}]}';
      await sql`UPDATE price_sku SET tiers = ${tiers} WHERE book = 'acme'`.execute(trx);
      await sql`UPDATE customer_link SET included = '{"l4":"7200","h100":"1"}' WHERE tenant = 'acme'`.execute(trx);
      await sql`UPDATE charge SET rated_from = 0, included = 7200 WHERE tenant = 'acme'`.execute(trx);
    });
    const { body } = await ask('/v1/tenants/acme/plan');
    expect(body).toMatchObject({
      prices: [
        {
          ...{ sku: 'l4', mode: 'Volume', includedSeconds: '7200' },
          tiers: [
            { upToSeconds: '3600', unitPriceMinor: '2.500000000000' },
            { upToSeconds: null, unitPriceMinor: '1.000000000000' },
          ],
        },
      ],
    });
    expect((await ask('/v1/tenants/acme/charges')).body).toMatchObject({ lines: [{ sku: 'l4', tiered: true }] });
    expect((await ask('/v1/tenants/globex/charges', { token: 'bob' })).body).toMatchObject({
      lines: [{ tiered: false }],
    });
  });

  test('a tenant of whom nothing is known reads nothing, and has nothing to pay', async () => {
    for (const { path, method } of routes.filter((route) => route.method === 'GET')) {
      expect(await ask(`/v1/tenants/lonely${path}`, { method })).toMatchObject({ status: 200 });
    }
    const body = { successUrl: 'https://a.example/ok', cancelUrl: 'https://a.example/no' };
    const { body: problem } = await ask('/v1/tenants/lonely/checkout-sessions', { method: 'POST', body });
    expect(problem).toMatchObject({ code: 'NoCustomer', status: 409 });
  });

  test('pages of the provider, and that it does not make one', async () => {
    const urls = { successUrl: 'https://a.example/ok', cancelUrl: 'https://a.example/no' };
    const { body } = await ask('/v1/tenants/acme/checkout-sessions', { method: 'POST', body: urls });
    expect(body.url).toBe('https://pay.example/stripe/cus_acme?https://a.example/ok');
    const returnUrl = 'https://a.example/';
    const down = await ask('/v1/tenants/acme/portal-sessions', { method: 'POST', body: { returnUrl } });
    expect(down.body).toMatchObject({ code: 'ProviderUnavailable', status: 502 });
    expect(JSON.stringify(down.body)).not.toContain('is down');
  });
});

const urls = { successUrl: 'https://a.example/ok', cancelUrl: 'https://a.example/no' };
test.each([
  ['another tenant', '/v1/tenants/globex/usage', {}, 'Forbidden'],
  ['another tenant by dots', '/v1/tenants/acme/../globex/usage', {}, 'Forbidden'],
  ['another tenant by escaped dots', '/v1/tenants/acme/%2e%2e/globex/usage', {}, 'Forbidden'],
  ['an escaped slash', '/v1/tenants/acme%2f..%2fglobex/usage', {}, 'RequestInvalid'],
  ['an escaped name', '/v1/tenants/%67lobex/usage', {}, 'RequestInvalid'],
  ['a tenant in the query', '/v1/tenants/acme/usage?tenant=globex', {}, 'RequestInvalid'],
  ['SQL in the name', "/v1/tenants/acme'--/usage", {}, 'RequestInvalid'],
  ['no token', '/v1/tenants/acme/usage', { token: '' }, 'Unauthenticated'],
  ['an unknown token', '/v1/tenants/acme/usage', { token: 'mallory' }, 'Unauthenticated'],
  ['a token without rights', '/v1/tenants/acme/usage', { token: 'eve' }, 'Forbidden'],
  [
    'a reader who pays',
    '/v1/tenants/globex/checkout-sessions',
    { token: 'bob', method: 'POST', body: urls },
    'Forbidden',
  ],
  ['no path', '/v1/tenants/acme/secrets', {}, 'NotFound'],
  ['a wrong method', '/v1/tenants/acme/usage', { method: 'DELETE' }, 'MethodNotAllowed'],
  ['a wrong bucket', '/v1/tenants/acme/usage?by=year', {}, 'RequestInvalid'],
  ['a page too large', '/v1/tenants/acme/usage?limit=100000', {}, 'RequestInvalid'],
  ['a parameter twice', '/v1/tenants/acme/usage?by=day&by=hour', {}, 'RequestInvalid'],
  ['no time', '/v1/tenants/acme/usage?from=yesterday', {}, 'RequestInvalid'],
  ['the 40th of a month', '/v1/tenants/acme/usage?from=2026-01-40T00:00:00Z', {}, 'RequestInvalid'],
  ['a forged cursor', '/v1/tenants/acme/usage?cursor=bm90LWpzb24', {}, 'RequestInvalid'],
  ['a body that is none', '/v1/tenants/acme/checkout-sessions', { method: 'POST', body: '{' }, 'RequestInvalid'],
  [
    'a body with more',
    '/v1/tenants/acme/checkout-sessions',
    { method: 'POST', body: { ...urls, customer: 'x' } },
    'RequestInvalid',
  ],
  [
    'a script for an address',
    '/v1/tenants/acme/portal-sessions',
    { method: 'POST', body: { returnUrl: 'javascript:1' } },
    'RequestInvalid',
  ],
  [
    'another type',
    '/v1/tenants/acme/portal-sessions',
    { method: 'POST', body: 'a', type: 'text/plain' },
    'MediaTypeUnsupported',
  ],
  ['a large body', '/v1/tenants/acme/portal-sessions', { method: 'POST', body: 'x'.repeat(20_000) }, 'BodyTooLarge'],
] as const)('%s is refused, and nothing of globex is told', async (_, path, options, code) => {
  const { body } = await ask(path, options);
  expect(body).toMatchObject({ code });
  expect(JSON.stringify(body)).not.toMatch(/3601|cus_globex|in_globex/);
});

test('a tenant whose plan leaves the portal out is refused, and only who may ask for it is told', async () => {
  without.add('acme').add('globex');
  expect((await ask('/v1/tenants/acme/plan')).body).toMatchObject({ code: 'NotEntitled', status: 403 });
  expect((await ask('/v1/tenants/globex/plan')).body).toMatchObject({ code: 'Forbidden' });
});

test('rights are asked for once in 30 seconds, and a right taken away then ends', async () => {
  await ask('/v1/tenants/acme/plan');
  await ask('/v1/tenants/acme/invoices');
  expect(reviews).toBe(2);
  elapsed = 31_000;
  await ask('/v1/tenants/acme/plan');
  expect(reviews).toBe(4);
});

test('who asks too often is told when to come back, and others are served', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, () => ask('/v1/tenants/acme/plan')));
  const late = answers.filter(({ status }) => status === 429);
  expect(late).toHaveLength(10);
  expect(late[0]?.headers.get('retry-after')).toBe('1');
  expect(await ask('/v1/tenants/globex/plan', { token: 'bob' })).toMatchObject({ status: 200 });
  elapsed = 1000;
  expect(await ask('/v1/tenants/acme/plan')).toMatchObject({ status: 200 });
});

test('a database without roles shows nothing', async () => {
  const log = createLogger({ level: 'silent' });
  const broken = { ...store(), readAs: () => Promise.reject(new Error('no role')) };
  const authoriser = clusterAuthoriser(client, clock);
  handler = portalApi({ store: broken, clock, pages, authoriser, entitlement, log, version: '1' });
  const { body } = await ask('/v1/tenants/acme/usage');
  expect(body).toMatchObject({ code: 'Internal', status: 500 });
  expect(JSON.stringify(body)).not.toContain('no role');
});
