import { CompiledQuery, type DatabaseConnection, type Driver } from 'kysely';

/**
 * Takes a role on every connection before it is used. `role` is asked at each use: before the schema stands there is
 * none, and the login itself works.
 */
export function assumingDriver(driver: Driver, role: () => string | undefined): Driver {
  const taken = new WeakMap<DatabaseConnection, string>();
  const assume = async (connection: DatabaseConnection): Promise<void> => {
    const wanted = role();
    if (wanted === undefined || taken.get(connection) === wanted) return;
    await connection.executeQuery(CompiledQuery.raw(`SET ROLE ${wanted}`));
    taken.set(connection, wanted);
  };
  return {
    init: (options) => driver.init(options),
    acquireConnection: async (options) => {
      const connection = await driver.acquireConnection(options);
      try {
        await assume(connection);
      } catch (error) {
        await driver.releaseConnection(connection);
        throw error;
      }
      return connection;
    },
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
    commitTransaction: (connection) => driver.commitTransaction(connection),
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
    releaseConnection: (connection, options) => driver.releaseConnection(connection, options),
    destroy: () => driver.destroy(),
  };
}
