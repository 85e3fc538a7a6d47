import { ClusterError } from './cluster-error.ts';
import { findProgram, runCommand } from './commands.ts';

const GO_MINIMUM: readonly [number, number] = [1, 26];

/** Throws `PrerequisiteMissing` unless this is Linux and a Go of at least 1.26 is on the PATH. */
export async function requireGo(): Promise<void> {
  if (process.platform !== 'linux') {
    throw new ClusterError(
      'PrerequisiteMissing',
      `a cluster can be built only on Linux, this is ${process.platform}; start Docker and install kind, or set KUBECONFIG_E2E to the kubeconfig of a cluster`,
    );
  }
  if (findProgram('go') === undefined) {
    throw new ClusterError(
      'PrerequisiteMissing',
      'Go is missing: install Go 1.26 or newer from https://go.dev/dl and put its bin folder on the PATH',
    );
  }
  const said = await runCommand(['go', 'env', 'GOVERSION'], { env: { ...process.env, GOTOOLCHAIN: 'local' } });
  if (goIsEnough(said)) return;
  throw new ClusterError(
    'PrerequisiteMissing',
    `Go 1.26 or newer is needed, this is ${said.trim()}: install it from https://go.dev/dl and put its bin folder on the PATH`,
  );
}

/** Whether the text of `go env GOVERSION`, such as `go1.26.8` or `go1.27rc1`, is new enough. */
export function goIsEnough(version: string): boolean {
  const match = /^go(\d+)\.(\d+)/.exec(version.trim());
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > GO_MINIMUM[0] || (major === GO_MINIMUM[0] && minor >= GO_MINIMUM[1]);
}
