import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Change, Crd, readCrds } from '../crdgen/index.ts';
import { CliError } from './cli-error.ts';
import { STANDARD_INPUT, textAt } from './read-text.ts';

const groupExample = `
Example:
  $ gpuopt crd diff crds/released crds          what the next release changes`;

const example = `
Examples:
  $ gpuopt crd diff crds/released crds                             what the next release changes
  $ kubectl get crd -o yaml | gpuopt crd diff - crds               what an upgrade of this cluster changes
  $ gpuopt crd diff old.yaml new.yaml --json

OLD and NEW are files or folders with YAML or JSON, - is standard input. Definitions of API groups that NEW does not
touch are passed over. A cluster's own answer is the better OLD: it says in which versions objects are stored.

Levels: error, objects or users of a beta or stable version break, or the API server refuses the change; warning, the
same in an alpha version, a line for the release notes; safe, nothing that was valid is refused.
Exit codes: 0 no error, 1 an error, 2 something cannot be read.`;

/** Adds `crd diff`: whether one set of definitions may follow another. */
export function registerCrd(program: Command): void {
  const crd = program
    .command('crd')
    .description('look after the custom resource definitions')
    .addHelpText('after', groupExample);
  crd
    .command('diff')
    .description('compare two sets of definitions and refuse what breaks users or stored objects')
    .argument('<old>', 'what is installed: a file, a folder, or - for standard input')
    .argument('<new>', 'what is to be installed: a file, a folder, or - for standard input')
    .option('--json', 'print the changes as JSON')
    .addHelpText('after', example)
    .action(async (old: string, next: string, options: { readonly json?: boolean }) => {
      if (old === STANDARD_INPUT && next === STANDARD_INPUT)
        throw new CliError('Usage', 'OLD and NEW are both -, and standard input can be only one of them; name a file');
      const { compareCrds, readCrds } = await import('../crdgen/index.ts');
      const changes = compareCrds(await crdsAt(old, readCrds), await crdsAt(next, readCrds));
      process.stdout.write(options.json ? `${JSON.stringify(changes, null, 2)}\n` : render(changes));
      process.exitCode = changes.some(({ level }) => level === 'error') ? 1 : 0;
    });
}

async function crdsAt(place: string, read: typeof readCrds): Promise<readonly Crd[]> {
  const crds = (await textsAt(place)).flatMap(({ file, text }) => read(text, file));
  if (crds.length === 0)
    throw new CliError('Usage', `${place} holds no CustomResourceDefinition; name a file or folder that does`);
  return crds;
}

interface Text {
  readonly file: string;
  readonly text: string;
}

async function textsAt(place: string): Promise<readonly Text[]> {
  try {
    if (place === STANDARD_INPUT) return [{ file: 'standard input', text: await textAt(place) }];
    const files = statSync(place).isDirectory() ? yamlIn(place) : [place];
    return await Promise.all(files.map(async (file) => ({ file, text: await textAt(file) })));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('Usage', `${place} cannot be read: ${why}`, { cause });
  }
}

function yamlIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function render(changes: readonly Change[]): string {
  if (changes.length === 0) return 'nothing changes\n';
  const rows = changes.map(({ level, crd, version, path, message }) => [
    level,
    [crd, version].filter(Boolean).join(' '),
    path || '-',
    message,
  ]);
  const table = [['LEVEL', 'DEFINITION', 'FIELD', 'CHANGE'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n\nerrors: ${count(changes, 'error')}, warnings: ${count(changes, 'warning')}, safe: ${count(changes, 'safe')}\n`;
}

function count(changes: readonly Change[], level: Change['level']): number {
  return changes.filter((change) => change.level === level).length;
}
