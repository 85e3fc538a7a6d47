import { type Command, Option } from 'commander';

import { createLogger, systemClock } from '../observability/index.ts';
import { openStore, rolesScript, type Store } from '../store/index.ts';

interface Place {
  readonly databaseUrl?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

const places = `
The embedded database (--data-dir) has one opener: stop the operator first. PostgreSQL (--database-url) is backed up while
the operator runs, as it was at one moment. Exit codes: 0 good, 1 the file is refused or the database holds rows, 2 wrong
use, 3 the database does not answer, is of another version, or another process holds its folder.
`;

/** Adds `store backup`, `store restore`, `store migrate` and `store roles`. */
export function registerStore(program: Command): void {
  const store = program.command('store').description('the database: backup, restore, schema and roles');
  placed(store.command('backup').description('write every row, all of one moment, to a file with checksums'))
    .requiredOption('--to <file>', 'a new file; it will hold personal data and keys')
    .addHelpText(
      'after',
      `${places}\nExample:\n  $ gpuopt store backup --database-url postgres://gpuopt@db/gpuopt --to gpuopt.ndjson`,
    )
    .action((options: Place & { readonly to: string }) =>
      withStore(options, async (open) => {
        // A backup before an upgrade must not be the upgrade.
        await open.checkVersion();
        await backup(open, options);
      }),
    );
  placed(store.command('restore').description('put a backup into an empty database, all of it or nothing'))
    .requiredOption('--from <file>', 'what "store backup" wrote')
    .option('--force', 'replace everything that the database holds')
    .addHelpText(
      'after',
      `
The file is compared with its checksums before the database is touched. A process that leads meanwhile stops at its next
write. Usage of the last 35 days that the backup knew as unsent is looked up at the provider before it is sent.
${places}
Example:
  $ gpuopt store restore --database-url postgres://gpuopt@db/gpuopt --from gpuopt.ndjson`,
    )
    .action((options: Place & { readonly from: string; readonly force?: boolean }) =>
      withStore(options, async (open) => {
        await open.migrate();
        await restore(open, options);
      }),
    );
  placed(store.command('migrate').description('bring the schema and the rights of its roles up to date, and end'))
    .addHelpText('after', `${places}\nExample:\n  $ gpuopt store migrate --database-url postgres://migrator@db/gpuopt`)
    .action((options: Place) =>
      withStore(options, async (open) => {
        await open.migrate();
        migrated(open, options);
      }),
    );
  store
    .command('roles')
    .description('print the SQL that makes the roles, for a database whose login may not make them')
    .requiredOption('--login <name>', 'the login in the URL that the operator gets')
    .addHelpText('after', '\nExample:\n  $ gpuopt store roles --login gpuopt | psql -h db -U admin gpuopt')
    .action(({ login }: { readonly login: string }) => void process.stdout.write(rolesScript(login)));
}

function placed(command: Command): Command {
  return command
    .addOption(new Option('--database-url <url>', 'PostgreSQL').env('GPUOPT_DATABASE_URL'))
    .addOption(new Option('--data-dir <folder>', 'folder of the embedded database').env('GPUOPT_DATA_DIR'))
    .option('--json', 'print the result as JSON, and no progress');
}

/** As in `run`, the URL wins over the folder. */
async function withStore(options: Place, work: (store: Store) => Promise<void>): Promise<void> {
  const place = options.databaseUrl === undefined ? { dataDir: options.dataDir } : { url: options.databaseUrl };
  const store = await openStore({ ...place, log: createLogger({ level: 'warn', destination: 2 }), clock: systemClock });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

const progress =
  ({ json }: Place) =>
  (table: string, rows: number): void => {
    if (json !== true) process.stderr.write(`${table}: ${rows} rows\n`);
  };

async function backup(store: Store, options: Place & { readonly to: string }): Promise<void> {
  const manifest = await store.backup(options.to, progress(options));
  const tenants = Object.keys(manifest.chainHeads).length;
  say(options, { file: options.to, ...manifest }, `${options.to}: ${count(manifest)} rows, ${tenants} tenants' chains`);
}

async function restore(
  store: Store,
  options: Place & { readonly from: string; readonly force?: boolean },
): Promise<void> {
  const occupied = options.force === true ? 'replace' : 'refuse';
  const { header, manifest, epoch, doubtful } = await store.restore(options.from, occupied, progress(options));
  say(
    options,
    { file: options.from, takenAt: header.takenAt, epoch: epoch.toString(), doubtful, ...manifest },
    `restored ${count(manifest)} rows of ${header.takenAt}; the epoch is ${epoch}, and ${doubtful} usage rows are looked up at the provider before they are sent`,
  );
}

function migrated(store: Store, options: Place): void {
  say(options, { kind: store.kind, migrated: true }, 'the schema is up to date');
}

function count({ tables }: { readonly tables: Readonly<Record<string, { readonly rows: number }>> }): number {
  return Object.values(tables).reduce((sum, { rows }) => sum + rows, 0);
}

function say({ json }: Place, value: object, sentence: string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, undefined, 2)}\n` : `${sentence}\n`);
}
