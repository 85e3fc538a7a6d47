import type { Kind, KubeObject } from '../../runtime/index.ts';
import type { Lists } from './list-reader.ts';
import { type LiveConnection, ManifestError, readCluster, readSnapshot, SUBMIT_KINDS } from './source.ts';

/** Exit code for a wrong command line or a file that does not hold what it should. */
const EXIT_USAGE = 2;
/** Exit code for a cluster that cannot be reached or refuses. */
const EXIT_UNREACHABLE = 3;

/** Where to connect to. */
export interface ConnectOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** What the planner's commands read from and write to. */
export interface PlanIo {
  readonly connect: (options: ConnectOptions) => Promise<LiveConnection>;
  readonly readFile: (path: string) => string;
  readonly writeFile: (path: string, text: string) => void;
  readonly now: () => Date;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly exit: (code: number) => void;
  /** Whether standard output is a terminal that wants colours. */
  readonly colour: boolean;
}

/** Where the state of the cluster comes from: the cluster, or a file. */
export interface SourceOptions extends ConnectOptions {
  readonly snapshot?: string;
  readonly namespace?: string;
  readonly operatorNamespace?: string;
}

/** The option that says where the operator keeps what it remembers. */
export const operatorNamespaceOption = [
  '--operator-namespace <name>',
  'namespace of the operator, which keeps there how long pods ran',
  'gpuopt-system',
] as const;

/** A state of the cluster, and the namespace of who asks. */
export interface World {
  readonly lists: readonly Lists[];
  readonly namespace: string;
}

/** Reads these kinds from the cluster, or from the snapshot where one is named. */
export async function readWorld(
  options: SourceOptions,
  io: PlanIo,
  kinds: readonly Kind<KubeObject>[] = SUBMIT_KINDS,
): Promise<World> {
  const { snapshot } = options;
  if (snapshot !== undefined) {
    return {
      lists: readSnapshot(readText('--snapshot', snapshot, io), snapshot, kinds),
      namespace: options.namespace ?? 'default',
    };
  }
  const connection = await io.connect(options).catch(unreachable);
  try {
    const lists = await readCluster(connection, kinds, options.operatorNamespace).catch(unreachable);
    return { lists, namespace: options.namespace ?? connection.namespace };
  } finally {
    await connection.close();
  }
}

/** Reads a file that an option names. Throws ManifestError that names both. */
export function readText(option: string, path: string, io: Pick<PlanIo, 'readFile'>): string {
  try {
    return io.readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ManifestError(`${option}: ${path} cannot be read: ${why}`, { cause });
  }
}

/** Runs a command; what it throws becomes one line and an exit code. */
export async function answered(io: PlanIo, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code: unknown = Reflect.get(error, 'code');
    if (code === 'Unreachable') io.exit(EXIT_UNREACHABLE);
    else if (error instanceof ManifestError || code === 'GPUOPT_SIMULATE_USAGE') io.exit(EXIT_USAGE);
    else throw error;
    io.stderr(`error: ${error.message}\n`);
  }
}

/**
 * The cluster did not answer, or refused.
 * @remedy check the kubeconfig, its context, and the right to list what the message names
 */
class ClusterUnreadable extends Error {
  override readonly name = 'ClusterUnreadable';
  readonly code = 'Unreachable';
}

function unreachable(cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new ClusterUnreadable(`the cluster cannot be read: ${why}`, { cause });
}
