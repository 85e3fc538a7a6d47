/**
 * Writes what follows from the controllers: config/rbac/operator.yaml, docs/controllers.md, docs/rbac.md and docs/metrics.md;
 * and docs/errors.md, which follows from the error classes.
 * Usage: node operator/cli/generate.ts [--check]; with --check it only compares, and exits 1 naming the files that differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Command } from 'commander';
import { Project, type SourceFile } from 'ts-morph';
import { stringify } from 'yaml';
import { buildRooms } from '../main.ts';
import { createLogger, createRegistry, systemClock } from '../observability/index.ts';
import {
  connect,
  createManager,
  describe,
  describePermissions,
  type Permission,
  rbac,
  runtimePermissions,
  WebhookMetrics,
} from '../runtime/index.ts';
import { openStore } from '../store/index.ts';
import { controllersPage } from './docs/controllers-page.ts';
import { catalogueOf } from './docs/error-catalogue.ts';
import { errorsPage } from './docs/errors-page.ts';
import { metricsPage } from './docs/metrics-page.ts';
import { type Settings, withRunOptions } from './settings.ts';

const root = resolve(import.meta.dirname, '../..');
const names = { name: 'gpuopt', namespace: 'gpuopt-system', serviceAccount: 'gpuopt' };
const note = 'generated from the controllers by `make generate`; do not edit';
const errorsNote = 'generated from the docstrings of the error classes by `make generate`; do not edit';

/** The manager is made to be asked for its metrics; it never runs. */
const nowhere = {
  server: 'http://localhost',
  namespace: '',
  credentials: () => Promise.reject(new Error('never asked')),
};

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const files = await outputs();
const stale = Object.entries(files).filter(([path, text]) => current(path) !== text);
if (!values.check) for (const [path, text] of stale) writeFileSync(join(root, path), text);
for (const [path] of stale)
  console.log(`${path} ${values.check ? 'is not what the source declares; run: make generate' : 'written'}`);
if (stale.length === 0) console.log(`${Object.keys(files).length} files are as the source declares`);
process.exitCode = values.check && stale.length > 0 ? 1 : 0;

/** The files by path. Rooms are built to be asked what they declare; nothing of them runs, and the store stays in memory. */
async function outputs(): Promise<Readonly<Record<string, string>>> {
  const settings = withRunOptions(new Command()).parse([], { from: 'user' }).opts<Settings>();
  const log = createLogger({ level: 'silent' });
  const store = await openStore({ dataDir: ':memory:', log, clock: systemClock });
  try {
    const registry = createRegistry({ process: 'include' });
    const { client } = connect(nowhere);
    const rooms = buildRooms({ settings, store, clock: systemClock, log, registry, client });
    createManager({ cluster: nowhere, rooms, log, registry });
    new WebhookMetrics(registry);
    const controllers = rooms.flatMap((room) => room.controllers);
    const permissions = [...describePermissions(controllers), ...runtimePermissions];
    const objects = rbac(controllers, names);
    return {
      'config/rbac/operator.yaml': `# ${note}\n${objects.map((object) => stringify(object)).join('---\n')}`,
      'docs/controllers.md': controllersPage(describe(controllers), note),
      'docs/rbac.md': page(permissions),
      'docs/metrics.md': await metricsPage(registry, note),
      'docs/errors.md': errorsPage(catalogueOf(errorSources()), errorsNote),
    };
  } finally {
    await store.close();
  }
}

/** The files with error classes of what is shipped; what serves tests alone is not. */
function errorSources(): readonly SourceFile[] {
  const project = new Project({ skipAddingFilesFromTsConfig: true });
  const unshipped = ['**/*.test.ts', '**/*.fixture.ts', '**/testing/**', '**/testdata/**'].map((path) => `!${path}`);
  return project.addSourceFilesAtPaths([join(root, 'operator/**/*.ts'), ...unshipped]);
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

function page(permissions: readonly Permission[]): string {
  const rows = permissions
    .map(({ group, resource, verbs, why, in: where }) => ({
      resource: group === '' ? resource : `${resource}.${group}`,
      verbs: verbs.join(', '),
      where: where === 'cluster' ? 'cluster' : "the operator's namespace",
      why,
    }))
    .sort((a, b) => `${a.resource} ${a.verbs} ${a.why}`.localeCompare(`${b.resource} ${b.verbs} ${b.why}`, 'en'));
  const unique = [...new Set(rows.map((row) => `| ${row.resource} | ${row.verbs} | ${row.where} | ${row.why} |`))];
  return `<!-- ${note} -->\n# Rights of the operator\n\n| resource | verbs | where | why |\n|---|---|---|---|\n${unique.join('\n')}\n`;
}
