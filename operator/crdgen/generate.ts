import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { check } from './check/index.ts';
import { toCrd } from './emit/crd.ts';
import { toKindPage, toOverview } from './emit/docs.ts';
import { toJsonSchema } from './emit/json-schema.ts';
import { toKinds } from './emit/kinds.ts';
import { toOfflineSchemas } from './emit/offline.ts';
import { toTagPage } from './emit/tags.ts';
import { header, toYaml } from './emit/yaml.ts';
import type { Root } from './model.ts';
import { readRoots, type Source } from './read/index.ts';
import { rewrite } from './rewrite/index.ts';

/** Generated files: path relative to the repository → content. */
export type Outputs = ReadonlyMap<string, string>;

/** Folders that hold nothing but generated files, so that a file too many is a difference. */
export const OWNED = ['crds', 'crds/schemas/gpuoptimizer.io', 'docs/api'] as const;

const API = 'operator/api';
/** Below it lie JSON Schemas as kubeconform looks for them: `{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json`. */
const SCHEMAS = 'crds/schemas';

/** Reads the custom resources of a repository and computes every file that is made of them. */
export function generate(repository: string): Outputs {
  const roots = compileRepository(repository);
  const kinds = Map.groupBy(roots, (root) => root.kind);
  const files = new Map<string, string>();
  for (const [kind, [first, ...later]] of kinds) {
    if (!first) continue;
    files.set(crdPath(first), `${header('#', first.at.file)}\n---\n${toYaml(toCrd([first, ...later]))}`);
    files.set(`docs/api/${kind.toLowerCase()}.md`, toKindPage([first, ...later]));
  }
  for (const [version, members] of Map.groupBy(roots, (root) => root.version)) {
    files.set(
      `${API}/${version}/kinds.ts`,
      toKinds(members, (root) => basename(root.at.file)),
    );
  }
  for (const root of roots) {
    files.set(`${SCHEMAS}/${root.group}/${root.kind.toLowerCase()}_${root.version}.json`, toJsonSchema(root));
  }
  files.set('crds/kustomization.yaml', kustomization(roots));
  files.set('docs/api/README.md', toOverview(roots));
  files.set('docs/api/tags.md', toTagPage());
  files.set('operator/crdgen/generated/schemas.json', toOfflineSchemas(roots));
  return files;
}

/** The custom resources of a repository. */
export function compileRepository(repository: string): readonly Root[] {
  return compile(sourceOf(repository));
}

/** Reads, rewrites and checks; roots come sorted by kind, then version. */
export function compile(source: Source): readonly Root[] {
  const roots = readRoots(source)
    .map(rewrite)
    .sort((a, b) => compareText(a.kind, b.kind) || compareText(a.version, b.version));
  check(roots);
  return roots;
}

function crdPath(root: Root): string {
  return `crds/${root.group}_${root.resource.plural}.yaml`;
}

function kustomization(roots: readonly Root[]): string {
  const resources = [...new Set(roots.map((root) => basename(crdPath(root))))].sort();
  const content = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources };
  return `${header('#', API)}\n${toYaml(content)}`;
}

/** The folders `operator/api/v*` are the versions; `group.ts` names the group. */
function sourceOf(repository: string): Source {
  const api = join(repository, API);
  const group = /export const group = '([^']+)'/.exec(readFileSync(join(api, 'group.ts'), 'utf8'))?.[1];
  if (!group) throw new Error(`${API}/group.ts: expected: export const group = '…';`);
  const versions = readdirSync(api)
    .filter((name) => /^v\d+((alpha|beta)\d+)?$/.test(name) && existsSync(join(api, name)))
    .sort()
    .map((version) => ({ version, files: filesOf(join(api, version)) }));
  return { root: repository, group, versions };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'kinds.ts')
    .sort()
    .map((name) => join(folder, name));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
