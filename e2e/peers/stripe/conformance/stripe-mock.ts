import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { program } from '../../../cluster/binaries.ts';
import { freePorts } from '../../../cluster/network.ts';
import type { Progress } from '../../../cluster/progress.ts';

const readyMillis = 30_000;

/** Stripe's own check of parameter shapes: https://github.com/stripe/stripe-mock, which remembers nothing. */
export interface StripeMock {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it, built first if this machine has not built it yet. */
export async function startStripeMock(progress: Progress): Promise<StripeMock> {
  const binary = await program('stripe-mock', 'stripe-mock', progress);
  const { http } = await freePorts(['http']);
  const child = spawn(binary, ['-http-addr', `127.0.0.1:${http}`], { stdio: 'ignore' });
  await once(child, 'spawn');
  const url = `http://127.0.0.1:${http}`;
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  for (const end = Date.now() + readyMillis; ; await delay(50)) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer !== undefined) return { url, stop };
    if (child.exitCode === null && Date.now() < end) continue;
    await stop();
    throw new Error(`stripe-mock does not answer at ${url}`);
  }
}
