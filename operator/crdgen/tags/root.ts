import { ApiTypeError, type Location } from '../errors.ts';
import type { Column, ConditionDoc, EventDoc, Resource, RootTags } from '../model.ts';
import type { TagUse } from '../read/doc.ts';
import { count, named, nothing, text } from './tag.ts';

interface Reading {
  readonly tags: RootTags;
  /** Tags that speak about the object as a type, such as @rule. */
  readonly rest: readonly TagUse[];
}

const EMPTY: RootTags = {
  columns: [],
  selectable: [],
  storage: false,
  served: true,
  labels: {},
  annotations: {},
  conditions: [],
  events: [],
};
/** The API server refuses more (k8s.io/apiextensions-apiserver, validation.MaxSelectableFields). */
const MAX_SELECTABLE = 8;

type Reader = (tags: RootTags, use: TagUse) => RootTags;

const readers: Readonly<Record<string, { readonly read: Reader; readonly help: string }>> = {
  resource: {
    read: (tags, use) => ({ ...tags, resource: resource(use) }),
    help: 'plural=… singular=… shortNames=a,b categories=… scope=Cluster|Namespaced',
  },
  column: {
    read: (tags, use) => ({ ...tags, columns: [...tags.columns, column(use)] }),
    help: 'a printer column: Name=… type=… path=… priority=… format=… description="…"',
  },
  scale: {
    read: (tags, use) => {
      const { spec, status, selector } = pairs(use, ['spec', 'status'], ['selector']);
      return { ...tags, scale: { spec: spec ?? '', status: status ?? '', ...(selector && { selector }), at: use.at } };
    },
    help: 'the scale subresource: spec=… status=… selector=…',
  },
  selectable: {
    read: (tags, use) => {
      const selectable = [...tags.selectable, { jsonPath: text(use.payload), at: use.at }];
      if (selectable.length > MAX_SELECTABLE) {
        throw new ApiTypeError(use.at, `more than ${MAX_SELECTABLE} @selectable fields`);
      }
      return { ...tags, selectable };
    },
    help: 'a field that kubectl --field-selector may use, as .spec.path; at most eight',
  },
  storage: {
    read: (tags, use) => ({ ...tags, storage: nothing(use.payload) === undefined }),
    help: 'the version that is stored; with one version it goes without saying',
  },
  unserved: {
    read: (tags, use) => ({ ...tags, served: nothing(use.payload) !== undefined }),
    help: 'a version that is no longer served',
  },
  deprecatedVersion: {
    read: (tags, use) => ({ ...tags, deprecation: text(use.payload) }),
    help: 'the warning that users of this version see',
  },
  conversion: {
    read: (tags, use) => {
      const { service = '', namespace = '', port } = pairs(use, ['service', 'namespace'], ['port']);
      return { ...tags, conversion: { service, namespace, ...(port && { port: count(port) }) } };
    },
    help: 'on the stored version: the Service of the webhook that converts: service=… namespace=… port=…; only when shapes differ',
  },
  condition: {
    read: (tags, use) => ({ ...tags, conditions: [...tags.conditions, condition(use)] }),
    help: 'for the reference: <type>=<status> <reason> -- <what it means and what to do>; on the base it holds for every kind',
  },
  event: {
    read: (tags, use) => ({ ...tags, events: [...tags.events, event(use)] }),
    help: 'for the reference: Normal|Warning <reason> -- <what happened>',
  },
  meta: { read: meta, help: 'metadata of the definition: label:a=b annotation:k=v' },
};

/** The tags of roots and what they take, for the reference. */
export const ROOT_TAG_HELP: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(readers).map(([name, { help }]) => [name, help]),
);

/** Reads the tags of a root; what it does not know is left for the tags of types. */
export function parseRootTags(uses: readonly TagUse[]): Reading {
  return uses.reduce<Reading>(
    ({ tags, rest }, use) => {
      const reader = readers[use.name];
      return reader
        ? { tags: named(use.name, use.at, () => reader.read(tags, use)), rest }
        : { tags, rest: [...rest, use] };
    },
    { tags: EMPTY, rest: [] },
  );
}

function resource(use: TagUse): Resource {
  const found = pairs(use, ['plural', 'scope'], ['singular', 'shortNames', 'categories']);
  const { plural = '', scope, singular = plural.replace(/s$/, ''), shortNames, categories } = found;
  if (scope !== 'Cluster' && scope !== 'Namespaced') {
    throw new ApiTypeError(use.at, `scope must be Cluster or Namespaced, found '${scope}'`);
  }
  return { plural, singular, shortNames: list(shortNames), categories: list(categories), scope };
}

const CONDITION = /^([A-Z][A-Za-z0-9]*)=(True|False|Unknown) ([A-Z][A-Za-z0-9]*) -- (.+)$/;

function condition(use: TagUse): ConditionDoc {
  const [, type, status, reason, meaning] = CONDITION.exec(use.payload) ?? [];
  if (!type || !status || !reason || !meaning) {
    throw new ApiTypeError(
      use.at,
      `expected <type>=<True, False or Unknown> <reason> -- <meaning>, found '${use.payload}'`,
    );
  }
  return { type, status: status as ConditionDoc['status'], reason, meaning, at: use.at };
}

function event(use: TagUse): EventDoc {
  const [, type, reason, meaning] = /^(Normal|Warning) ([A-Z][A-Za-z0-9]*) -- (.+)$/.exec(use.payload) ?? [];
  if (!type || !reason || !meaning) {
    throw new ApiTypeError(use.at, `expected Normal or Warning, <reason> -- <meaning>, found '${use.payload}'`);
  }
  return { type: type as EventDoc['type'], reason, meaning, at: use.at };
}

function list(value: string | undefined): readonly string[] {
  return value === undefined ? [] : value.split(',');
}

const COLUMN_TYPES = ['string', 'integer', 'number', 'boolean', 'date'];

function column(use: TagUse): Column {
  const found = pairs(use, ['Name', 'type', 'path'], ['priority', 'format', 'description']);
  const { Name: name = '', type = '', path: jsonPath = '', priority, format, description } = found;
  if (!COLUMN_TYPES.includes(type)) {
    throw new ApiTypeError(use.at, `type of a column must be one of ${COLUMN_TYPES.join(', ')}, found '${type}'`);
  }
  return {
    name,
    type,
    jsonPath,
    ...(description && { description }),
    ...(format && { format }),
    ...(priority && { priority: Number(priority) }),
    at: use.at,
  };
}

function meta(tags: RootTags, use: TagUse): RootTags {
  const entries = use.payload.split(/\s+/).map((word) => {
    const [, where, key, value] = /^(label|annotation):([^=]+)=(.*)$/.exec(word) ?? [];
    if (!key || value === undefined) throw new ApiTypeError(use.at, 'expected label:key=value or annotation:key=value');
    return { where, key, value };
  });
  const of = (where: string) =>
    Object.fromEntries(entries.filter((entry) => entry.where === where).map(({ key, value }) => [key, value]));
  return {
    ...tags,
    labels: { ...tags.labels, ...of('label') },
    annotations: { ...tags.annotations, ...of('annotation') },
  };
}

/** Reads `key=value key="two words"`; a quote inside an unquoted value is a character like any other. */
function pairs(
  use: TagUse,
  required: readonly string[],
  optional: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const found: Record<string, string> = {};
  for (const match of use.payload.matchAll(/([A-Za-z]+)=(?:"([^"]*)"(?=\s|$)|(\S*))/g)) {
    const [, key = '', quoted, bare = ''] = match;
    refuseKey(key, [...required, ...optional], use);
    found[key] = quoted ?? bare;
  }
  const missing = required.find((key) => !found[key]);
  if (missing) throw new ApiTypeError(use.at, `@${use.name} needs ${missing}=…`);
  return found;
}

function refuseKey(key: string, known: readonly string[], use: { readonly name: string; readonly at: Location }): void {
  if (!known.includes(key))
    throw new ApiTypeError(use.at, `@${use.name} has no ${key}=…; known are ${known.join(', ')}`);
}
