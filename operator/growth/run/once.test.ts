import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SmtpPeer, startSmtpPeer } from '../../../e2e/peers/smtp/index.ts';
import { storeKinds, testStores } from '../../store/testing/index.ts';
import { smtpMailer } from '../mail/smtp.ts';
import { type DeathPoint, dying } from '../testing/dying.ts';
import { growthWorld } from '../testing/world.ts';
import { runStoreMethods } from './contract.ts';
import { walkRun } from './walk.ts';

const stores = testStores();
let peer: SmtpPeer;

beforeAll(async () => {
  peer = await startSmtpPeer();
});
afterAll(async () => {
  await peer.stop();
  await stores.close();
});

const death = fc.record({
  point: fc.record({
    at: fc.constantFrom<DeathPoint['at'][]>('send', ...runStoreMethods),
    when: fc.constantFrom<DeathPoint['when'][]>('before', 'after'),
  }),
  n: fc.integer({ min: 1, max: 5 }),
});

const fault = fc.oneof(
  fc.record({
    kind: fc.constantFrom('drop-before-data' as const, 'drop-after-data' as const),
    at: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({
    kind: fc.constant('reply' as const),
    stage: fc.constantFrom('rcpt' as const, 'data' as const),
    at: fc.integer({ min: 1, max: 6 }),
    code: fc.constantFrom(421, 450, 451, 550, 554),
  }),
);

describe.for(storeKinds)('on %s', (kind) => {
  test('however often the process dies and whatever the server does, nobody gets two mails', async (context) => {
    const store = await stores.open(kind);
    if ('unavailable' in store) return context.skip(store.unavailable);
    await fc.assert(
      fc.asyncProperty(fc.array(death, { maxLength: 4 }), fc.array(fault, { maxLength: 2 }), async (deaths, faults) => {
        const here = await growthWorld(store, { people: 4, port: peer.port });
        peer.setFaults(faults);
        const before = peer.messages.length;
        for (const [index, { point, n }] of deaths.entries()) {
          const dead = dying(here.runs, point, n);
          const openMailer = (...args: Parameters<typeof smtpMailer>) => dead.wrap(smtpMailer(...args));
          await walkRun(here.deps(await here.job(`dies-${index}`), { store: dead.store, openMailer }));
          here.clock.advance(61_000);
        }
        peer.setFaults([]);
        const report = await walkRun(here.deps(await here.job('last')));
        await here.close();
        expect(report).toMatchObject({ exit: 0 });
        const got = peer.messages.slice(before).flatMap((mail) => mail.envelope.to);
        expect(new Set(got).size).toBe(got.length);
        const rows = await store.db
          .selectFrom('growth_message')
          .select(({ fn }) => ['state', fn.countAll<string>().as('count')])
          .where('campaign_uid', '=', here.config.uid)
          .groupBy('state')
          .execute();
        const count = Object.fromEntries(rows.map((row) => [row.state, Number(row.count)]));
        const known = (count.accepted ?? 0) + (count.unknown ?? 0) + (count.rejected ?? 0);
        expect(known).toBe(4);
        expect(got.length).toBeGreaterThanOrEqual(count.accepted ?? 0);
        expect(got.length).toBeLessThanOrEqual((count.accepted ?? 0) + (count.unknown ?? 0));
      }),
      { numRuns: 15 },
    );
  }, 180_000);
});
