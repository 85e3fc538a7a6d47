/** The field `tokenFile` of a kubeconfig's user, which the client library does not know (it asks for `token-file`). */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';

interface Config {
  readonly users?: readonly { readonly name?: string; readonly user?: { readonly tokenFile?: string } }[];
}

/** The kubeconfig files that hold, as kubectl finds them: the one given, else those of KUBECONFIG, else the home folder's. */
export function kubeconfigPaths(given: string | undefined, env: NodeJS.ProcessEnv = process.env): readonly string[] {
  if (given !== undefined) return [given];
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  return named.length > 0 ? named : [join(homedir(), '.kube', 'config')];
}

/** The token in the file that the user's entry names; undefined without such an entry. Rejects when the file cannot be read. */
export async function tokenFromFile(paths: readonly string[], user: string): Promise<string | undefined> {
  for (const path of paths) {
    const config = await configOf(path);
    const found = config?.users?.find(({ name }) => name === user);
    if (found === undefined) continue;
    const file = found.user?.tokenFile;
    return file === undefined ? undefined : (await readFile(resolve(dirname(path), file), 'utf8')).trim();
  }
  return undefined;
}

async function configOf(path: string): Promise<Config | undefined> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch {
    // Not there, or half-written: the library has read what counts.
    return undefined;
  }
}
