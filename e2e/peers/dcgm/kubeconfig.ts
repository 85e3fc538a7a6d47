import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** How to reach an API server. */
export interface Access {
  readonly server: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly token?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the current context of a kubeconfig: certificates inline or by file, or a token. */
export async function readKubeconfig(path: string): Promise<Access> {
  const config: Fields = parse(await readFile(path, 'utf8'));
  const context = entry(config, 'contexts', text(config, 'current-context'), 'context');
  const cluster = entry(config, 'clusters', text(context, 'cluster'), 'cluster');
  const user = entry(config, 'users', text(context, 'user'), 'user');
  const material = async (from: Fields, name: string): Promise<Buffer | undefined> => {
    const inline = text(from, `${name}-data`);
    if (inline !== undefined) return Buffer.from(inline, 'base64');
    const file = text(from, name);
    return file === undefined ? undefined : await readFile(resolve(dirname(path), file));
  };
  const server = text(cluster, 'server');
  if (server === undefined) throw new Error(`${path} names no server in its current context`);
  return {
    server: server.replace(/\/+$/, ''),
    ca: await material(cluster, 'certificate-authority'),
    cert: await material(user, 'client-certificate'),
    key: await material(user, 'client-key'),
    token: text(user, 'token'),
  };
}

function entry(config: Fields, list: string, name: string | undefined, inner: string): Fields {
  const entries = config[list];
  const found = Array.isArray(entries) ? entries.find((one: Fields) => one.name === name) : undefined;
  return found?.[inner] ?? {};
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}
