import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

import { State } from './state.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpuopt-peer-'));
  folders.push(folder);
  return join(folder, 'state.jsonl');
}

const row = (id: string, value: number) => ({ id, value });

test('what is written is there after a restart, and what is removed is not', () => {
  const at = file();
  const state = new State(at);
  state.put('counter', row('a', 1));
  state.put('counter', row('a', 2));
  state.put('counter', row('b', 3));
  state.remove('counter', 'b');
  const again = new State(at);
  expect(again.all('counter')).toEqual([row('a', 2)]);
  // It was compacted: one line a row.
  expect(readFileSync(at, 'utf8').trim().split('\n')).toHaveLength(1);
});

test('a transaction that throws leaves nothing, neither in memory nor on disk, and watchers hear of both', () => {
  const at = file();
  const state = new State(at);
  state.put('counter', row('a', 1));
  const seen: unknown[] = [];
  state.watch('counter', (after) => seen.push(after?.value));
  const failing = (): void =>
    state.atomically(() => {
      state.put('counter', row('a', 5));
      state.put('counter', row('b', 6));
      throw new Error('refused');
    });
  expect(failing).toThrow('refused');
  expect(state.all('counter')).toEqual([row('a', 1)]);
  expect(new State(at).all('counter')).toEqual([row('a', 1)]);
  expect(seen).toEqual([1, 5, 6, undefined, 1]);
});

test('a line that a kill has cut never happened', () => {
  const at = file();
  new State(at).put('counter', row('a', 1));
  appendFileSync(at, '[["counter","b",{"id"');
  const state = new State(at);
  state.put('counter', row('c', 2));
  expect(new State(at).all('counter')).toEqual([row('a', 1), row('c', 2)]);
});

test('ids go on where they were', () => {
  const at = file();
  expect(new State(at).id('cus')).toBe('cus_peer00000001');
  expect(new State(at).id('cus')).toBe('cus_peer00000002');
});
