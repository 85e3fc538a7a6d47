/** The tables are facts of Kubernetes: they are compared to the sources that the API server is built from. */
import { describe, expect, test } from 'vitest';
import * as kube from '../index.ts';
import type { Message } from './field.ts';
import { haveSources, messagesOf, type SourceField, type SourceMessage } from './go-sources.fixture.ts';

const core = 'api/core/v1';
/** A kind of any type. */
type Token = Pick<kube.KindToken<object>, 'kind' | 'metadataOnly' | 'protobuf'> & { readonly project?: unknown };

const rows: readonly { readonly token: Token; readonly source: string }[] = [
  { token: kube.ConfigMap, source: core },
  { token: kube.Job, source: 'api/batch/v1' },
  { token: kube.Lease, source: 'api/coordination/v1' },
  { token: kube.Namespace, source: core },
  { token: kube.Node, source: core },
  { token: kube.Pod, source: core },
  { token: kube.PodDisruptionBudget, source: 'api/policy/v1' },
];

const packages = new Map<string, ReadonlyMap<string, SourceMessage>>();

/** What a message is called from the package that names it. */
function lookUp(name: string, from: string): { readonly message: SourceMessage; readonly source: string } {
  const path = name.startsWith('.') ? name.split('.').slice(3) : [...from.split('/'), name];
  const source = path.slice(0, -1).join('/');
  const known = packages.get(source) ?? messagesOf(source);
  packages.set(source, known);
  return { message: known.get(path.at(-1) ?? '') ?? new Map(), source };
}

const scalars: Readonly<Record<string, string>> = {
  string: 'string',
  bytes: 'bytes',
  bool: 'bool',
  int32: 'int',
  int64: 'int',
  '.k8s.io.apimachinery.pkg.api.resource.Quantity': 'quantity',
  '.k8s.io.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  '.k8s.io.apimachinery.pkg.apis.meta.v1.Time': 'time',
  '.k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime': 'microTime',
  Time: 'time',
};

/** The type of a field, or of the values of a map. */
const valueType = ({ type }: SourceField): string => /^map<string, (.+)>$/.exec(type)?.[1] ?? type;

/** What in a table is not as in the source, as sentences. */
function differences(table: Message, name: string, from: string, path: string): readonly string[] {
  const { message, source } = lookUp(name, from);
  return Object.entries(table).flatMap(([number, field]) => {
    const at = `${path}.${field.name}`;
    const wanted = message.get(Number(number));
    if (wanted === undefined || wanted.name !== field.name)
      return [`${at}: field ${number} is ${wanted?.name}, not this`];
    const of = wanted.type.startsWith('map<') ? 'map' : wanted.repeated ? 'list' : undefined;
    const told = field.zero === undefined ? 'left out' : 'told';
    const type = valueType(wanted);
    const isMessage = typeof field.type === 'object';
    return [
      ...(field.of === of ? [] : [`${at}: is ${of}, not ${field.of}`]),
      ...(isMessage || scalars[type] === field.type ? [] : [`${at}: has the type ${type}, not ${field.type}`]),
      // Maps without entries are always left out here; objects are always told.
      ...(of === 'map' || (isMessage && of === undefined) || told === wanted.zero
        ? []
        : [`${at}: zero is ${wanted.zero}`]),
      ...(typeof field.type === 'object' ? differences(field.type, type, source, at) : []),
    ];
  });
}

/** An object of the source in which every field says something. */
function full(name: string, from: string, depth = 0): Readonly<Record<string, unknown>> {
  const { message, source } = lookUp(name, from);
  const entries = [...message.values()].filter((field) => depth < 12 && field.name !== 'managedFields');
  return Object.fromEntries(
    entries.map((field) => {
      const type = valueType(field);
      const value = scalars[type] === undefined ? full(type, source, depth + 1) : 'said';
      return [field.name, field.repeated ? [value] : field.type.startsWith('map<') ? { key: value } : value];
    }),
  );
}

/** Paths of what an object says and the table does not read. Empty values are made up by the projection. */
function unread(value: unknown, table: Message, path: string): readonly string[] {
  return Object.entries(Object(value)).flatMap(([name, inner]: [string, unknown]) => {
    if (inner === undefined || inner === '' || JSON.stringify(inner) === '{}') return [];
    const field = Object.values(table).find((one) => one.name === name);
    if (field === undefined) return [`${path}.${name}`];
    const { type } = field;
    if (typeof type !== 'object') return [];
    const values: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
    return values.flatMap((each) => unread(each, type, `${path}.${name}`));
  });
}

describe.skipIf(!haveSources).each(rows)('$token.kind', ({ token, source }) => {
  const { kind, metadataOnly, project, protobuf = {} } = token;

  test('has the numbers, names, types and zeros of its source', () => {
    expect(differences(protobuf, kind, source, kind)).toEqual([]);
  });

  test('is read as far as its cache keeps it', () => {
    const whole = full(kind, source);
    const projected: unknown = typeof project === 'function' ? project(whole) : whole;
    const kept = metadataOnly === true ? { metadata: whole.metadata } : projected;
    expect(unread(kept, protobuf, kind)).toEqual([]);
  });
});
