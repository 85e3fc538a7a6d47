import { type InterfaceDeclaration, Project, type SourceFile } from 'ts-morph';
import { ApiTypeError } from '../errors.ts';
import type { Field, Node, Reports, Root } from '../model.ts';
import { applyTags, parseRootTags } from '../tags/index.ts';
import { declarationOf } from './declaration.ts';
import { docOf } from './docs.ts';
import { locate, type Scope } from './scope.ts';
import { readType } from './type.ts';

/** What to read: files by version, and the folder that places are told from. */
export interface Source {
  readonly root: string;
  readonly group: string;
  readonly versions: readonly { readonly version: string; readonly files: readonly string[] }[];
}

const BASE = 'CustomResource';

/** Reads every interface that extends `CustomResource<Spec, Status>`. */
export function readRoots(source: Source): readonly Root[] {
  const project = new Project({
    skipAddingFilesFromTsConfig: true,
    compilerOptions: { noLib: true, strict: true, allowImportingTsExtensions: true },
  });
  const roots = source.versions.flatMap(({ version, files }) =>
    files
      .map((path) => project.addSourceFileAtPath(path))
      .flatMap((file) => rootsOf(file).map((declaration) => readRoot(declaration, version, source))),
  );
  if (roots.length === 0) throw new Error(`no interface extends ${BASE}<Spec, Status> under ${source.root}`);
  return roots;
}

function rootsOf(file: SourceFile): InterfaceDeclaration[] {
  return file
    .getInterfaces()
    .filter((found) => found.getExtends().some((base) => base.getExpression().getText() === BASE));
}

function readRoot(declaration: InterfaceDeclaration, version: string, source: Source): Root {
  const scope: Scope = { root: source.root, read: readType, parameters: new Map(), path: [declaration.getName()] };
  const at = locate(declaration, scope);
  const doc = docOf(declaration, scope);
  const { tags, rest } = parseRootTags(doc.tags);
  if (!tags.resource) throw new ApiTypeError(at, `${declaration.getName()} needs @resource plural=… scope=…`);
  const [spec, status] = declaration.getExtends()[0]?.getTypeArguments() ?? [];
  if (!spec || !status) {
    throw new ApiTypeError(at, `${declaration.getName()} needs a status type: extends ${BASE}<Spec, Status>`);
  }
  const object: Node = { at, type: 'object', description: doc.prose, facets: {}, rules: [] };
  return {
    at,
    group: source.group,
    version,
    kind: declaration.getName(),
    resource: tags.resource,
    tags,
    shared: sharedReports(declaration, scope),
    object: applyTags({ ...object, fields: [...metaFields(at), specField(), statusField()] }, rest),
  };

  function specField(): Field {
    return { name: 'spec', optional: false, node: readType(spec as NonNullable<typeof spec>, scope) };
  }

  /** kstatus takes an object without status for current; -1 is never the generation, so it waits (fluxcd/pkg). */
  function statusField(): Field {
    const node = readType(status as NonNullable<typeof status>, scope);
    return {
      name: 'status',
      optional: true,
      node: { ...node, facets: { ...node.facets, default: { observedGeneration: -1 } } },
    };
  }
}

/** Tags on the base speak about every kind; what is none of theirs belongs to the base as a type. */
function sharedReports(declaration: InterfaceDeclaration, scope: Scope): Reports {
  const base = declaration.getExtends().map((one) => declarationOf(one.getExpression()))[0];
  return base ? parseRootTags(docOf(base, scope).tags).tags : { conditions: [], events: [] };
}

/** What every object has; metadata is described by the API server, which refuses any prose of ours. */
function metaFields(at: Node['at']): Field[] {
  const field = (name: string, type: Node['type'], description: string): Field => ({
    name,
    optional: true,
    node: { at, type, description, facets: {}, rules: [] },
  });
  return [
    field('apiVersion', 'string', 'apiVersion is the group and version of this representation of the object.'),
    field('kind', 'string', 'kind is the name of the REST resource that this object represents.'),
    field('metadata', 'object', ''),
  ];
}
