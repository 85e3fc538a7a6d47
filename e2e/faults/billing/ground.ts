import { bundleProgram } from './bundle.ts';
import { type Databases, startDatabases } from './database.ts';

/** What all cells share. */
export interface Ground {
  readonly databases: Databases;
  /** Path of the program under test. */
  readonly program: string;
  close(): Promise<void>;
}

/** Starts PostgreSQL and bundles the program; throws NoPostgres where the machine has none. */
export async function layGround(): Promise<Ground> {
  const databases = await startDatabases();
  const program = await bundleProgram();
  const close = async (): Promise<void> => {
    await databases.stop();
    await program.remove();
  };
  return { databases, program: program.path, close };
}
