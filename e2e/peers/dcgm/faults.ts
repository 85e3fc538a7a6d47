/** Ways in which the exporter misbehaves on purpose. */
export const faultModes = [
  'none',
  'stale', //            its host engine died: the last values under fresh scrapes, energy included
  'missing', //          answers 503
  'frozen', //           activity repeats the last value, power and energy go on
  'contradicts-power', //activity and utilisation read 0 whatever the GPU draws
  'duplicate', //        a second exporter on each node reports the same GPUs
] as const;

/** One of them. */
export type FaultMode = (typeof faultModes)[number];

/** Reads the body of POST /_peer/faults, `{"mode": "stale"}`; undefined when it says nothing known. */
export function faultOf(text: string): FaultMode | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const mode: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'mode') : undefined;
    return faultModes.find((known) => known === mode);
  } catch {
    return undefined;
  }
}
