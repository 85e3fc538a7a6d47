import { Command } from 'commander';
import type { Key } from '../../runtime/index.ts';
import type { Thing } from '../../runtime/testing/index.ts';
import { NOW } from '../world.fixture.ts';
import type { PlanIo } from './command-io.ts';

/** Texts of files by their paths. */
export interface Files {
  [path: string]: string;
}

/** What a command said, how it ended and which files it wrote. */
export interface Said {
  stdout: string;
  stderr: string;
  code: number;
  readonly written: Files;
}

/** Runs a command of the planner over a world in place of a cluster. */
export async function runCommand(
  register: (program: Command, io: PlanIo) => void,
  world: readonly Thing[],
  args: readonly string[],
  files: Files = {},
): Promise<Said> {
  const said: Said = { stdout: '', stderr: '', code: 0, written: {} };
  const io: PlanIo = {
    connect: async () => ({
      namespace: 'acme',
      list: async <T>(kind: { readonly plural: string }) =>
        world.filter((one) => one.kind.plural === kind.plural).map(({ object }): T => object as T),
      get: async <T>(kind: { readonly plural: string }, { namespace, name }: Key) =>
        world
          .filter((one) => one.kind.plural === kind.plural && one.object.metadata.name === name)
          .filter(({ object }) => object.metadata.namespace === namespace)
          .map(({ object }): T => object as T)[0],
      close: async () => undefined,
    }),
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error('no such file');
      return text;
    },
    writeFile: (path, text) => {
      said.written[path] = text;
    },
    now: () => NOW,
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    exit: (code) => {
      said.code = code;
    },
    colour: false,
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  register(program, io);
  await program.parseAsync(args, { from: 'user' });
  return said;
}
