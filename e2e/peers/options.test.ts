import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const peers = ['dcgm', 'device-plugin', 'dra-driver', 'mig-manager', 'prometheus', 'smtp', 'stripe'];

async function run(peer: string, ...args: readonly string[]) {
  const script = join(import.meta.dirname, peer, 'main.ts');
  return await new Promise<{ readonly code: unknown; readonly out: string; readonly err: string }>((ended) => {
    execFile(process.execPath, [script, ...args], (error, out, err) => ended({ code: error?.code ?? 0, out, err }));
  });
}

test.each(peers)('%s says what is wrong with an option, and how it is used', async (peer) => {
  const { code, err } = await run(peer, '--colour', 'red');
  expect({ code, first: err.split('\n')[0] }).toEqual({ code: 2, first: expect.stringContaining("'--colour'") });
  expect(err).toContain(`node e2e/peers/${peer}/main.ts`);
  expect(err).not.toContain('    at ');
});

test.each(peers)('%s has a help with an example', async (peer) => {
  const { code, out } = await run(peer, '--help');
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`Example:?\\s+node e2e/peers/${peer}/main.ts --`));
});
