import type { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import type { judgeOffline } from '../crdgen/index.ts';
import { CliError } from './cli-error.ts';
import { textAt } from './read-text.ts';

/** What was found in one document of a file. */
interface Verdict {
  readonly file: string;
  readonly object: string;
  readonly findings: readonly { readonly path: string; readonly message: string }[];
  /** Rules that only the cluster can judge, and why. */
  readonly unjudged: readonly { readonly path: string; readonly rule: string; readonly why: string }[];
}

const example = `
Examples:
  $ gpuopt validate -f config/samples/tenants.yaml
  $ kubectl kustomize . | gpuopt validate -f -

The verdict is that of the API server on creation. Rules that it judges by what was there before, and those that cannot
be evaluated without it, are named.
Exit codes: 0 valid, 1 invalid, 2 a file cannot be read.`;

/** Adds `validate`: the schema's verdict on custom resources, without a cluster. */
export function registerValidate(program: Command): void {
  program
    .command('validate')
    .description('check custom resources against their schemas, without a cluster')
    .requiredOption(
      '-f, --file <file...>',
      'YAML or JSON files, - is standard input; objects of other API groups are passed over',
    )
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', example)
    .action(async (options: { readonly file: readonly string[]; readonly json?: boolean }) => {
      const { judgeOffline: judge } = await import('../crdgen/index.ts');
      const verdicts = (await Promise.all(options.file.map((file) => check(file, judge)))).flat();
      const invalid = verdicts.filter(({ findings }) => findings.length > 0);
      process.stdout.write(options.json ? `${JSON.stringify(verdicts, null, 2)}\n` : render(verdicts));
      process.exitCode = invalid.length > 0 ? 1 : 0;
    });
}

async function check(file: string, judge: typeof judgeOffline): Promise<readonly Verdict[]> {
  return (await objectsOf(file)).filter(isOurs).map((object) => {
    const { findings, unjudged } = judge(object);
    const wrong = findings.map(({ path, message }) => ({ path, message }));
    return { file, object: nameOf(object), findings: wrong, unjudged };
  });
}

async function objectsOf(file: string): Promise<readonly unknown[]> {
  try {
    return parseAllDocuments(await textAt(file)).map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS();
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('Usage', `--file ${file} cannot be read as YAML: ${why}`, { cause });
  }
}

interface Named {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
}

function isOurs(object: unknown): object is Named {
  return (
    typeof object === 'object' && object !== null && String((object as Named).apiVersion).startsWith('gpuoptimizer.io/')
  );
}

function nameOf({ kind, metadata }: Named): string {
  return `${kind ?? 'object'}/${metadata?.name ?? ''}`;
}

function render(verdicts: readonly Verdict[]): string {
  const lines = verdicts.flatMap(({ file, object, findings, unjudged }) => [
    `${file}: ${object} is ${findings.length === 0 ? 'valid' : 'invalid'}`,
    ...findings.map(({ message }) => `  ${message}`),
    ...unjudged.map(({ path, rule, why }) => `  left to the cluster, since ${why}: ${path || '.'}: ${rule}`),
  ]);
  return `${lines.join('\n')}\n`;
}
