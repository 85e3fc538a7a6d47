import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ApiTypeError } from './errors.ts';
import { generate } from './generate.ts';
import { compare, type Difference, format, release, write } from './outputs.ts';

const HELP = `Makes custom resource definitions, kind tokens, offline schemas and reference pages out of operator/api.

Usage: node operator/crdgen/main.ts [--check | --release] [--out DIR]

  --check    write nothing; exit 1 and name the files that are not as the types say
  --release  note the definitions in crds/released; done once for each release, when its notes name every change that
             'gpuopt crd diff crds/released crds' shows
  --out DIR  write below DIR (or check there) instead of the repository
  --help     print this

Example: node operator/crdgen/main.ts --check
`;

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

function main(): number {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean' },
      release: { type: 'boolean' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = values.out ? resolve(values.out) : repository;
  const outputs = format(generate(repository), repository);
  if (values.release) return reportRelease(release(outputs, folder));
  return values.check
    ? reportCheck(compare(outputs, folder), outputs.size)
    : reportWrite(write(outputs, folder), outputs.size);
}

function reportCheck(differences: readonly Difference[], total: number): number {
  for (const { path, kind } of differences) process.stderr.write(`${kind}: ${path}\n`);
  if (differences.length === 0) {
    process.stdout.write(`${total} generated files are as the types say\n`);
    return 0;
  }
  process.stderr.write(`${differences.length} of ${total} generated files differ; run: node operator/crdgen/main.ts\n`);
  return 1;
}

function reportWrite(differences: readonly Difference[], total: number): number {
  for (const { path, kind } of differences) process.stdout.write(`${kind === 'stale' ? 'removed' : 'wrote'} ${path}\n`);
  process.stdout.write(`${total} generated files, ${differences.length} changed\n`);
  return 0;
}

function reportRelease(paths: readonly string[]): number {
  for (const path of paths) process.stdout.write(`noted ${path}\n`);
  return 0;
}

/** A mistake of the caller or in a type needs no stack; anything else does. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = error instanceof ApiTypeError || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  return known ? error.message : (error.stack ?? error.message);
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`crdgen: ${explain(error)}\n`);
  process.exitCode = 2;
}
