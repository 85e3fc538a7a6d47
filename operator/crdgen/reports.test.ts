import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileRepository } from './generate.ts';

const operator = join(import.meta.dirname, '..');
/** Rooms whose conditions and events stand on custom resources or pods, and those that name reasons for them. */
const ROOMS = ['observability', 'runtime', 'pools', 'scheduling', 'metering', 'billing', 'tuning', 'growth'];
/** Reasons that are documented elsewhere: of the planner's condition of pods, and of freezes, which are an enum in the schema. */
const ELSEWHERE: ReadonlySet<string> = new Set(['Released', 'GPUHours']);

const files = ROOMS.flatMap((room) =>
  readdirSync(join(operator, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('testing/'))
    .map((name) => ({ name: `${room}/${name}`, text: readFileSync(join(operator, room, name), 'utf8') })),
);
const everything = files.map(({ text }) => text).join('\n');

const roots = compileRepository(join(operator, '..'));
const documented = [
  ...(roots[0]?.shared.conditions ?? []).map((one) => ({ kind: 'every kind', ...one })),
  ...(roots[0]?.shared.events ?? []).map((one) => ({ kind: 'every kind', ...one })),
  ...roots.flatMap(({ kind, tags }) => [...tags.conditions, ...tags.events].map((one) => ({ kind, ...one }))),
];

/** Reasons that a file states as text: of conditions and events, and in tables of reasons. */
function statedIn(text: string): readonly string[] {
  const direct = [...text.matchAll(/\breason: (?:[^,\n']*\? )?'([A-Z][A-Za-z0-9]+)'(?: : '([A-Z][A-Za-z0-9]+)')?/g)];
  const tables = [...text.matchAll(/const \w*[rR]easons? = \{([^}]*)\}/g)].flatMap(([, body = '']) => [
    ...body.matchAll(/: '([A-Z][A-Za-z0-9]+)'/g),
  ]);
  return [...direct, ...tables].flatMap(([, one, other]) => [one, other]).filter((reason) => reason !== undefined);
}

describe('the reasons in the reference', () => {
  it.each(documented.map(({ kind, reason }) => ({ kind, reason })))(
    '$reason of $kind is one that the code states',
    ({ reason }) => {
      expect(everything).toMatch(new RegExp(`'${reason}'`));
    },
  );

  it.each(files.filter(({ name }) => ['report.ts', 'events.ts'].includes(basename(name))))(
    'are all that $name states',
    ({ text }) => {
      const known = new Set(documented.map(({ reason }) => reason));
      expect(statedIn(text).filter((reason) => !known.has(reason) && !ELSEWHERE.has(reason))).toEqual([]);
    },
  );

  it('are those of every kind', () => {
    const silent = roots.filter(({ tags }) => !tags.conditions.some(({ type }) => type === 'Ready'));
    expect(silent.map(({ kind }) => kind)).toEqual([]);
  });
});
