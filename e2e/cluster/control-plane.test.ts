import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueCertificates } from './certificates.ts';
import { startApiServer } from './control-plane.ts';
import { freePorts } from './network.ts';
import { readProcesses, stopProcess } from './processes.ts';
import { progressTo } from './progress.ts';

let folder: string;
let port: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-api-'));
  port = (await freePorts(['api'])).api;
  const request = { commonName: 'x', ips: ['127.0.0.1'] };
  const quiet = progressTo(new PassThrough());
  await issueCertificates(
    folder,
    [
      { name: 'apiserver', ...request },
      { name: 'admin', ...request },
    ],
    quiet,
  );
});

afterEach(async () => {
  await Promise.all((await readProcesses(folder)).map((each) => stopProcess(folder, each, 100)));
  await rm(folder, { recursive: true });
});

/** A server that counts its starts in a file and ends itself in all but the last of `failures + 1`. */
async function moody(failures: number) {
  const program = `
    const { appendFileSync, readFileSync } = require('node:fs');
    appendFileSync('starts', 'x');
    const starts = readFileSync('starts', 'utf8').length;
    if (starts <= ${failures}) { console.error('a check of the start failed'); process.exit(255); }
    const [key, cert] = ['key', 'crt'].map((ending) => readFileSync('certs/apiserver.' + ending));
    require('node:https').createServer({ key, cert }, (_, answer) => answer.end('ok')).listen(${port}, '127.0.0.1');`;
  await writeFile(join(folder, 'server.cjs'), program);
  return { name: 'apiserver', argv: [process.execPath, 'server.cjs'] as [string, ...string[]] };
}

describe('startApiServer', () => {
  it.each([
    ['does not end', 0],
    ['ends itself twice, as kube-apiserver does when a check of its start times out', 2],
  ])('comes back with a server that %s', async (_name, failures) => {
    await startApiServer(folder, `https://127.0.0.1:${port}`, await moody(failures));
    expect((await readFile(join(folder, 'starts'), 'utf8')).length).toBe(failures + 1);
  });

  it('gives up on one that always ends, with its last words', async () => {
    await expect(startApiServer(folder, `https://127.0.0.1:${port}`, await moody(9))).rejects.toThrow(
      /apiserver ended: .*a check of the start failed/s,
    );
  });
});
