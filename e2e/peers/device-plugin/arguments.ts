import { readOptions } from '../options.ts';

/** What the peers of the GPU Operator's components need to know of the cluster. */
export interface Ground {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly selector: string;
}

/** A command line that was understood. */
export interface Arguments {
  readonly ground: Ground;
  /** A number of milliseconds, as given or as usual. */
  readonly millis: (name: string) => number;
  /** What was given for an option that may be repeated. */
  readonly each: (name: string) => readonly string[];
}

/** Options beside those of the ground: numbers with their usual value, and those that may be repeated. */
export interface More {
  readonly millis: Readonly<Record<string, number>>;
  readonly repeated: readonly string[];
}

/** Reads a peer's command line. Prints the help, or what is wrong with it, and ends the process where it is not to run. */
export function readArguments(help: string, { millis, repeated }: More): Arguments {
  const single = ['kubeconfig', 'namespace', 'selector', ...Object.keys(millis)];
  const options: Readonly<Record<string, { readonly type: 'string'; readonly multiple?: boolean }>> = {
    ...Object.fromEntries(single.map((name) => [name, { type: 'string' }] as const)),
    ...Object.fromEntries(repeated.map((name) => [name, { type: 'string', multiple: true }] as const)),
  };
  const values = readOptions(options, help);
  const refuse = (message: string): never => {
    process.stderr.write(`${message}\n\n${help}`);
    process.exit(2);
  };
  const given = (name: string): readonly string[] => [values[name] ?? []].flat().map(String);
  const needed = (name: string): string => given(name)[0] ?? refuse(`--${name} is needed`);
  return {
    ground: { kubeconfig: needed('kubeconfig'), namespace: needed('namespace'), selector: needed('selector') },
    millis: (name) => {
      const [text = String(millis[name])] = given(name);
      return /^\d+$/.test(text)
        ? Number(text)
        : refuse(`--${name} ${text}: a whole number of milliseconds, such as 500`);
    },
    each: given,
  };
}

/** Stops a peer when the process is told to end. */
export function untilSignal(peer: { readonly stop: () => Promise<void> }): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void peer.stop().then(() => process.exit(0)));
  }
}
