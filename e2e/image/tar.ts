import { ClusterError } from '../cluster/cluster-error.ts';

/** One entry of an archive. Paths have no leading slash; owner is root unless given. */
export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  /** Permission bits, as in 0o755. */
  readonly mode: number;
  readonly content?: Buffer;
  readonly target?: string;
  readonly owner?: number;
}

const BLOCK = 512;
const TYPES = { file: '0', directory: '5', symlink: '2' } as const;

/** The archive of the entries in path order: the same entries give the same bytes on every machine (times are 0). */
export function* tarOf(entries: readonly TarEntry[]): Generator<Buffer> {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const entry of sorted) yield* entryBlocks(entry);
  yield Buffer.alloc(2 * BLOCK);
}

function* entryBlocks(entry: TarEntry): Generator<Buffer> {
  const path = entry.kind === 'directory' ? `${entry.path}/` : entry.path;
  const target = entry.target ?? '';
  const content = entry.content ?? Buffer.alloc(0);
  const long: [string, string][] = [];
  if (Buffer.byteLength(path) > 100) long.push(['path', path]);
  if (Buffer.byteLength(target) > 100) long.push(['linkpath', target]);
  if (long.length > 0) {
    const records = Buffer.from(long.map(([key, value]) => paxRecord(key, value)).join(''));
    yield header({ path: 'pax', type: 'x', mode: 0o644, owner: 0, size: records.length, target: '' });
    yield records;
    yield padding(records.length);
  }
  yield header({
    path: path.slice(0, 100),
    type: TYPES[entry.kind],
    mode: entry.mode,
    owner: entry.owner ?? 0,
    size: content.length,
    target: target.slice(0, 100),
  });
  yield content;
  yield padding(content.length);
}

/** A pax record states its own length in decimal, which is part of that length (POSIX pax, extended header). */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}

interface Header {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly owner: number;
  readonly size: number;
  readonly target: string;
}

function header(fields: Header): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(fields.path, 0, 100);
  octal(block, fields.mode, 100, 8);
  octal(block, fields.owner, 108, 8);
  octal(block, fields.owner, 116, 8);
  octal(block, fields.size, 124, 12);
  octal(block, 0, 136, 12);
  block.fill(' ', 148, 156);
  block.write(fields.type, 156);
  block.write(fields.target, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  octal(block, sum, 148, 7);
  return block;
}

function octal(block: Buffer, value: number, offset: number, width: number): void {
  const text = value.toString(8).padStart(width - 1, '0');
  if (text.length > width - 1) {
    throw new ClusterError(
      'Unsupported',
      `${value} does not fit a tar header; files in an image may have 8 GiB at most`,
    );
  }
  block.write(text, offset, width - 1, 'latin1');
}

function padding(length: number): Buffer {
  return Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
}
