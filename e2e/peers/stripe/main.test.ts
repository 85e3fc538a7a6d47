import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Stripe from 'stripe';
import { expect, test } from 'vitest';

import { acme, afterwards, secondsMeter, usage } from './testing.ts';

const script = join(import.meta.dirname, 'main.ts');

function start(...flags: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [script, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  afterwards(async () => child.kill('SIGKILL'));
  return child;
}

async function ready(child: ChildProcess): Promise<Stripe> {
  if (child.stdout === null) throw new Error('its output is not read');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { hostname, port } = new URL(JSON.parse(String(line)).url);
  return new Stripe('sk_test_peer', { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 });
}

async function ended(child: ChildProcess): Promise<{ readonly code: unknown; readonly output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code, output };
}

test('--help names every route of its own, with an example', async () => {
  const { code, output } = await ended(start('--help'));
  expect(code).toBe(0);
  for (const word of [
    '--state',
    '--fault',
    'GET /_peer/truth',
    'POST /_peer/clock',
    'accept-then-drop',
    'main.ts --port',
  ]) {
    expect(output).toContain(word);
  }
});

test.each([
  ['--validation', 'never'],
  ['--summary-lag-seconds', 'soon'],
])('%s %s is refused with the words that are taken', async (flag, value) => {
  const { code, output } = await ended(start(flag, value));
  expect(code).toBe(2);
  expect(output).toContain(`${flag} "${value}" must be`);
});

test('what it has answered is there after a kill -9, and a fault of the command line strikes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gpuopt-peer-'));
  afterwards(() => rm(folder, { recursive: true, force: true }));
  const flags = ['--state', join(folder, 'peer.jsonl'), '--customer', acme];
  const first = start(...flags, '--fault', 'POST /v1/billing/meter_events#1=500-after-accept');
  const before = await ready(first);
  const meter = await secondsMeter(before);
  await expect(before.billing.meterEvents.create(usage('a', '7'))).rejects.toMatchObject({ statusCode: 500 });
  first.kill('SIGKILL');
  await once(first, 'exit');
  const after = await ready(start(...flags));
  expect(await after.billing.meters.retrieve(meter.id)).toEqual(meter);
  await expect(after.billing.meterEvents.create(usage('a', '7'))).rejects.toThrow('already exists with identifier');
});
