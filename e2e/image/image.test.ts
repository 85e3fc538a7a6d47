import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { runCommand } from '../cluster/commands.ts';
import { buildImage, sharedLibraries, withParents } from './build.ts';
import { type TarEntry, tarOf } from './tar.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-image-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('tarOf', () => {
  const long = `deep/${'x'.repeat(120)}/name`;
  const entries: readonly TarEntry[] = [
    { path: 'b', kind: 'file', mode: 0o755, content: Buffer.from('hello') },
    { path: 'a', kind: 'directory', mode: 0o1777, owner: 65532 },
    { path: long, kind: 'file', mode: 0o644, content: Buffer.alloc(1000, 'z') },
    { path: 'link', kind: 'symlink', mode: 0o777, target: 'b' },
  ];

  it('is read by tar as it was written', async () => {
    const path = join(folder, 'a.tar');
    await writeFile(path, Buffer.concat([...tarOf(entries)]));
    const listing = await runCommand(['tar', '--numeric-owner', '--utc', '-tvf', path]);
    expect(listing.split('\n').map((line) => line.replaceAll(/\s+/g, ' '))).toEqual([
      'drwxrwxrwt 65532/65532 0 1970-01-01 00:00 a/',
      '-rwxr-xr-x 0/0 5 1970-01-01 00:00 b',
      `-rw-r--r-- 0/0 1000 1970-01-01 00:00 ${long}`,
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 link -> b',
      '',
    ]);
    expect(await runCommand(['tar', '-xOf', path, 'b'])).toBe('hello');
  });

  it('does not depend on the order of the entries', () => {
    const there = Buffer.concat([...tarOf(entries)]);
    const back = Buffer.concat([...tarOf([...entries].reverse())]);
    expect(there.equals(back)).toBe(true);
  });
});

describe('withParents', () => {
  it('adds each missing folder once and keeps those that are given', () => {
    const tmp: TarEntry = { path: 'a', kind: 'directory', mode: 0o1777 };
    const file: TarEntry = { path: 'a/b/c', kind: 'file', mode: 0o644 };
    expect(withParents([tmp, file, { ...file, path: 'a/b/d' }]).map(({ path, mode }) => [path, mode])).toEqual([
      ['a', 0o1777],
      ['a/b/c', 0o644],
      ['a/b/d', 0o644],
      ['a/b', 0o755],
    ]);
  });
});

describe('sharedLibraries', () => {
  it('reads what ldd prints, the loader included', () => {
    const ldd = `
	linux-vdso.so.1 (0x00007ffd)
	libdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f01)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f02)
	/lib64/ld-linux-x86-64.so.2 (0x00007f03)
	libmissing.so => not found`;
    expect(sharedLibraries(ldd)).toEqual([
      '/lib/x86_64-linux-gnu/libdl.so.2',
      '/lib/x86_64-linux-gnu/libc.so.6',
      '/lib64/ld-linux-x86-64.so.2',
    ]);
  });
});

describe('buildImage', () => {
  const build = (bundleDir: string, archive: string) =>
    buildImage({
      bundleDir,
      name: 'gpuoptimizer.io/gpuopt:test',
      entrypoint: ['/usr/local/bin/node', '/app/main.js'],
      archive: join(folder, archive),
      // A small program stands in for Node: what is tested is the image, and Node alone is 120 MB.
      node: '/bin/true',
    });

  it('gives the same digest for the same files, whatever their times and umask', async () => {
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, name, 'lib'), { recursive: true });
      await writeFile(join(folder, name, 'main.js'), 'console.log(1)', { mode: name === 'one' ? 0o600 : 0o664 });
      await writeFile(join(folder, name, 'lib', 'x.js'), '');
      await symlink('main.js', join(folder, name, 'link.js'));
    }
    await utimes(join(folder, 'two', 'main.js'), 1, 1);
    const [one, two] = [await build(join(folder, 'one'), 'a.tar'), await build(join(folder, 'two'), 'b.tar')];
    expect(one.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(two.digest).toBe(one.digest);
    await writeFile(join(folder, 'two', 'main.js'), 'console.log(2)');
    expect((await build(join(folder, 'two'), 'c.tar')).digest).not.toBe(one.digest);
  });

  it('says so when there is no bundle', async () => {
    await expect(build(join(folder, 'none'), 'a.tar')).rejects.toThrow(/build it before the image/);
  });
});
