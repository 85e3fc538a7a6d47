/**
 * One set of assertions for the peer, always, and for a real sandbox when STRIPE_TEST_KEY holds its key. Without it the
 * same cases are skipped by name: they are unproved. STRIPE_TEST_PLANTED names a file for the question that takes a day:
 * one run plants, a run 25 hours later harvests.
 */
import { describe, expect, test } from 'vitest';

import { billingCases } from './conformance/billing.ts';
import { sandboxKey } from './conformance/key.ts';
import { meteringCases } from './conformance/metering.ts';
import { objectCases } from './conformance/objects.ts';
import { keep, season } from './conformance/planted.ts';
import { harvestAfterSeconds, identifierExpiry, questions } from './conformance/questions.ts';
import { peerSubject, sandboxSubject } from './conformance/subject.ts';
import { ask } from './testing.ts';

const cases = [...objectCases, ...meteringCases, ...billingCases];
const key = sandboxKey(process.env);
if (key.kind === 'refused') throw new Error(key.reason);

describe.each(['24h', 'never'] as const)('the peer, identifiers kept %s', (expiry) => {
  for (const { name, run } of cases) {
    test(name, async () => run((await peerSubject({ identifierExpiry: expiry })).subject));
  }

  test(identifierExpiry.name, async () => {
    const { peer, subject } = await peerSubject({ identifierExpiry: expiry });
    const planted = await identifierExpiry.plant(subject);
    await ask(peer, 'clock', { advanceSeconds: harvestAfterSeconds });
    const expected = expiry === '24h' ? 'taken' : 'refused with 400';
    expect(await identifierExpiry.harvest(subject, planted)).toBe(expected);
  });
});

describe('what is documented as a range: the peer, as it was set', () => {
  const late = { validation: 'late' } as const;
  test.each([
    ['is a decimal value taken', {}, 'refused with 400'],
    ['is a decimal value taken', late, 'taken'],
    ['does an event of an hourly meter replace the earlier one of its hour', {}, 'recorded 4'],
  ])('%s %j: %s', async (name, settings, expected) => {
    const question = questions.find((one) => one.name === name);
    expect(await question?.ask((await peerSubject(settings)).subject)).toBe(expected);
  });
});

describe('a real sandbox', () => {
  for (const { name, run } of cases) {
    test(name, { timeout: 600_000 }, async ({ skip }) => {
      if (key.kind !== 'ok') return skip(key.reason);
      await run(sandboxSubject(key.key));
    });
  }

  for (const question of questions) {
    test(question.name, { timeout: 600_000 }, async ({ skip, annotate }) => {
      if (key.kind !== 'ok') return skip(key.reason);
      const answer = await question.ask(sandboxSubject(key.key));
      await annotate(answer);
      expect(answer).not.toBe('');
    });
  }

  test(identifierExpiry.name, { timeout: 600_000 }, async ({ skip, annotate }) => {
    const file = process.env.STRIPE_TEST_PLANTED;
    if (key.kind !== 'ok') return skip(key.reason);
    if (file === undefined) return skip('unproved: STRIPE_TEST_PLANTED names no file to remember what was planted');
    const subject = sandboxSubject(key.key);
    const found = season(file, await subject.now());
    if (found.kind === 'wait') return skip(found.reason);
    if (found.kind === 'harvest') {
      await annotate(await identifierExpiry.harvest(subject, found.planted));
      return;
    }
    keep(file, await identifierExpiry.plant(subject));
    return skip('unproved: planted now, to be harvested 25 hours later');
  });
});
