import { describe, expect, it } from 'vitest';
import type { Logger } from '../../observability/index.ts';
import { Forbidden } from '../../runtime/index.ts';
import { silentLog, until, VirtualClock } from '../../runtime/testing/index.ts';
import { createGateProbe, missingMeans } from './probe.ts';

const today = ['validatingadmissionpolicies', 'mutatingadmissionpolicies', 'mutatingwebhookconfigurations'];
const older = ['validatingadmissionpolicies', 'mutatingwebhookconfigurations'];

describe('what gates pods', () => {
  it.each([
    { name: 'policies', served: today, webhooks: 'off', missing: undefined },
    { name: 'webhooks', served: older, webhooks: 'on', missing: undefined },
    { name: 'both', served: today, webhooks: 'on', missing: undefined },
    { name: 'neither', served: older, webhooks: 'off', missing: 'install with config/webhooks' },
    {
      name: 'neither, where the group is not known',
      served: [],
      webhooks: 'off',
      missing: 'GPU pods of tenants are not gated',
    },
  ] as const)('$name', ({ missing, served, webhooks }) => {
    const found = missingMeans(served, webhooks);
    if (missing === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(missing);
  });

  it('is not a reason not to be ready where nobody may ask', async () => {
    const resources = async (): Promise<readonly string[]> => {
      throw new Forbidden({ status: 403, reason: 'Forbidden', url: 'GET /apis', message: 'no' });
    };
    const parts = { resources, webhooks: 'off', clock: new VirtualClock(), log: silentLog } as const;
    const { check, runnable } = createGateProbe(parts);
    await runnable.run(new AbortController().signal);
    expect(check.check()).toBeUndefined();
  });

  it('is asked for until it is there; each trouble is logged once and shown in readiness', async () => {
    const clock = new VirtualClock();
    const errors: string[] = [];
    const log: Logger = { ...silentLog, error: (_fields, message) => errors.push(message) };
    const answers: (readonly string[] | Error)[] = [new Error('refused'), older, older, today];
    let asked = 0;
    const resources = async (): Promise<readonly string[]> => {
      const answer = answers[asked] ?? [];
      asked += 1;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const { check, runnable } = createGateProbe({ resources, webhooks: 'off', clock, log });
    expect(check.check()).toBe('not asked yet');
    const done = runnable.run(new AbortController().signal);
    await until('the first answer', () => errors.length === 1);
    expect(check.check()).toContain('the API server does not say what it serves: refused');
    for (const [wanted, pause] of [
      [2, 2_000],
      [3, 60_000],
      [4, 60_000],
    ] as const) {
      await clock.advance(pause);
      await until(`answer ${wanted}`, () => asked === wanted);
    }
    await done;
    expect(errors).toEqual([expect.stringContaining('refused'), expect.stringContaining('not gated')]);
    expect(check.check()).toBeUndefined();
  });
});
