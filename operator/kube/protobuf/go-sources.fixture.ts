/**
 * What the tables are held to: the modules k8s.io/api and k8s.io/apimachinery as Go keeps them on this machine, where
 * the test cluster is built from them. Absent on a machine that has not built one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A field as generated.proto has it, with what Go's JSON makes of a zero value. */
export interface SourceField {
  readonly name: string;
  /** `string`, `int32`, `map<string, bytes>`, `PodSpec`, `.k8s.io.apimachinery.pkg.apis.meta.v1.Time` … */
  readonly type: string;
  readonly repeated: boolean;
  readonly zero: 'told' | 'left out';
}

/** The fields of a message by their numbers. */
export type SourceMessage = ReadonlyMap<number, SourceField>;

const modules = join(process.env.GOMODCACHE ?? join(process.env.GOPATH ?? join(homedir(), 'go'), 'pkg/mod'), 'k8s.io');
/** The version that the tables name. */
const version = 'v0.37.2';

/** The folder of a package such as `api/core/v1`; undefined when this machine does not have the module. */
function folderOf(name: string): string | undefined {
  const [module = '', ...rest] = name.split('/');
  const folder = join(modules, `${module}@${version}`, ...rest);
  return existsSync(folder) ? folder : undefined;
}

/** Whether the sources are here. */
export const haveSources = ['api', 'apimachinery'].every((name) => folderOf(name) !== undefined);

/** The messages of a package such as `api/core/v1`, with the zeros that the Go types beside them tell. */
export function messagesOf(name: string): ReadonlyMap<string, SourceMessage> {
  const folder = folderOf(name) ?? '';
  const proto = readFileSync(join(folder, 'generated.proto'), 'utf8').replace(/^\s*\/\/.*$/gm, '');
  const tags = goFields(folder);
  return new Map(
    [...proto.matchAll(/^message (\w+) \{\n(.*?)^\}/gms)].map(([, message = '', body = '']) => [
      message,
      new Map(
        [...body.matchAll(/^\s*(optional |repeated )?(.+) (\w+) = (\d+);$/gm)].map((found) => {
          const [, label, type = '', field = '', number] = found;
          const zero = tags.get(`${message}.${field}`) ?? 'told';
          return [Number(number), { name: field, type, repeated: label === 'repeated ', zero }];
        }),
      ),
    ]),
  );
}

/** `Message.field` to whether JSON tells its zero value. */
function goFields(folder: string): ReadonlyMap<string, SourceField['zero']> {
  const found = new Map<string, SourceField['zero']>();
  const sources = readdirSync(folder).filter((file) => file.endsWith('types.go'));
  for (const file of sources) {
    const code = readFileSync(join(folder, file), 'utf8').replace(/\/\/.*$/gm, '');
    for (const [, struct = '', body = ''] of code.matchAll(/^type (\w+) struct \{\n(.*?)^\}/gms)) {
      for (const [line] of body.matchAll(/^.*`.*protobuf:"[^"]*name=.*$/gm)) {
        const name = /name=(\w+)/.exec(line)?.[1] ?? '';
        found.set(`${struct}.${name}`, zeroOf(line));
      }
    }
  }
  return found;
}

/** Go leaves out what has `omitempty` and is empty, but not structs (a Time is one), unless they have `omitzero`. */
function zeroOf(line: string): SourceField['zero'] {
  if (line.includes(',omitzero')) return 'left out';
  const type = /^\s*\w+\s+(\S+)/.exec(line)?.[1] ?? '';
  const isKept = type.startsWith('*') || /^(metav1\.)?Time$/.test(type);
  return isKept || !line.includes(',omitempty') ? 'told' : 'left out';
}
