import { ownerRole, readerRole, roles, takenRoles, tenantRole, writerRole } from './names.ts';
import type { TableRights } from './rights.ts';

/**
 * One statement that gives a table to its owner and states anew who may do what with its rows. Row-level security is on
 * for every table: a right that is forgotten here reads nothing.
 */
export function rightsStatement(table: string, rights: TableRights): string {
  const changes = rights.writer.map((change) => `, ${change}`).join('');
  const lines = [
    `ALTER TABLE ${table} OWNER TO ${ownerRole}`,
    `REVOKE ALL ON ${table} FROM PUBLIC, ${writerRole}, ${tenantRole}, ${readerRole}`,
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
    ...[writerRole, tenantRole, readerRole].map((role) => `DROP POLICY IF EXISTS ${role} ON ${table}`),
    `GRANT SELECT${changes} ON ${table} TO ${writerRole}`,
    `CREATE POLICY ${writerRole} ON ${table} TO ${writerRole} USING (true) WITH CHECK (true)`,
    ...(rights.reader ? readable(table, readerRole, 'true') : []),
    ...(rights.tenant === undefined ? [] : readable(table, tenantRole, rights.tenant)),
  ];
  return `DO $do$ BEGIN\n${lines.map((line) => `  ${line};`).join('\n')}\nEND $do$`;
}

function readable(table: string, role: string, condition: string): readonly string[] {
  return [
    `GRANT SELECT ON ${table} TO ${role}`,
    `CREATE POLICY ${role} ON ${table} FOR SELECT TO ${role} USING (${condition})`,
  ];
}

/** Makes a role. Roles belong to the server, so another database's operator may make it at the same moment. */
export function roleStatement(role: string): string {
  return `DO $do$ BEGIN
  CREATE ROLE ${role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $do$`;
}

/** What a database administrator runs where the operator's login may not make roles itself. */
export function rolesScript(login: string): string {
  const name = quoted(login);
  return [
    '-- In the operator\'s database, as a role that may make roles, once. "already exists" is no harm.',
    ...roles.map((role) => `CREATE ROLE ${role} NOLOGIN;`),
    `GRANT ${takenRoles.join(', ')} TO ${name};`,
    `GRANT USAGE, CREATE ON SCHEMA public TO ${ownerRole};`,
    `GRANT USAGE ON SCHEMA public TO ${writerRole}, ${tenantRole}, ${readerRole};`,
    `-- Grafana and the finance team read by a login of their own: GRANT ${readerRole} TO grafana;`,
    '',
  ].join('\n');
}

/** A name as an SQL identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
