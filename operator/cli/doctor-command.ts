import type { Command } from 'commander';
import { type CommandConnection, connectForCommand } from './connection.ts';
import { type Diagnosis, diagnose } from './doctor.ts';

const example = `
Example:
  $ gpuopt doctor --json | jq '.[] | select(.verdict != "ok")'

Exit codes: 0 all well or unknown, 1 something is wrong, 3 the cluster cannot be reached.`;

interface Options {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
  readonly json?: boolean;
}

/** Adds `doctor`: what is missing, and what to do about it. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check the installation: each line says what is and, where it is wrong, what to do')
    .option('--kubeconfig <file>', 'kubeconfig; default: KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <name>', 'namespace of the operator', 'gpuopt-system')
    .option('--json', 'print the checks as JSON')
    .addHelpText('after', example)
    .action(async (options: Options) => {
      process.exitCode = await run(options);
    });
}

async function run(options: Options): Promise<number> {
  let connection: CommandConnection | undefined;
  try {
    connection = await connectForCommand(options);
    const found = await diagnose(connection, { namespace: options.namespace, now: new Date() });
    process.stdout.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : render(found));
    return found.some(({ verdict }) => verdict === 'wrong') ? 1 : 0;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`gpuopt doctor: the cluster cannot be reached: ${why}\n`);
    return 3;
  } finally {
    await connection?.close();
  }
}

const marks = { ok: '✓', wrong: '✗', unknown: '?' } as const;

function render(found: readonly Diagnosis[]): string {
  const width = Math.max(...found.map(({ check }) => check.length));
  const lines = found.map(({ check, verdict, seen, remedy }) => {
    const line = `${marks[verdict]} ${check.padEnd(width)}  ${seen}`;
    return remedy === undefined ? line : `${line}\n  ${' '.repeat(width)}  → ${remedy}`;
  });
  return `${lines.join('\n')}\n`;
}
