/** The faults of one write, by the codes of the design: C crashes, E errors. */
export const writeFaults = {
  'kill-before': 'C1: the operator is killed before the write is forwarded',
  'kill-after': 'C2: the write is carried out, the operator is killed and never sees the answer',
  away: 'C2: the write is carried out, the operator is killed and stays away while its users go on',
  'reset-after': 'C3: the write is carried out and the connection is reset',
  conflict: 'E1: answered 409 and not forwarded',
  race: 'E1: another writer changes the object first, then the write is forwarded',
  throttle: 'E2: answered 429 with Retry-After 1 s',
  'error-500': 'E3: answered 500 and not forwarded',
  'error-503': 'E4: answered 503 and not forwarded',
  'timeout-after': 'E5: the write is carried out, the answer is 504',
  hang: 'E6: taken and never answered, nothing forwarded',
} as const;
/** The name of one of them. */
export type WriteFault = keyof typeof writeFaults;

/** The faults of a watch, by the codes of the design. */
export const watchFaults = {
  swallow: 'W1: an event of one object is swallowed until the next event of that object takes its place',
  delay: 'W2: the stream of one resource is held back for 3 s',
  expire: 'W4: the stream ends with an ERROR frame of code 410',
  blackhole: 'W5: the connection stays open and nothing comes any more',
  cut: 'W6: the stream ends in the middle of a frame',
  double: 'W6: every frame comes twice',
  split: 'W6: frames come in pieces that cut characters in two',
} as const;
/** The name of one of them. */
export type WatchFault = keyof typeof watchFaults;

/** The faults of the cluster behind the proxy. */
export const clusterFaults = {
  restart: 'A1: the API server is killed at the write and started again',
  compaction: 'W4: the watches are cut, the write goes on, etcd is compacted and the API server started again',
} as const;
/** The name of one of them. */
export type ClusterFault = keyof typeof clusterFaults;

/** Answers that the proxy gives in the API server's place. */
export interface MadeAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What each fault answers; the others have no answer. */
export const madeAnswers: Readonly<Partial<Record<WriteFault, MadeAnswer>>> = {
  conflict: { status: 409, reason: 'Conflict' },
  throttle: { status: 429, reason: 'TooManyRequests', headers: { 'retry-after': '1' } },
  'error-500': { status: 500, reason: 'InternalError' },
  'error-503': { status: 503, reason: 'ServiceUnavailable' },
  'timeout-after': { status: 504, reason: 'Timeout' },
};

/** The body of an answer that failed, as the API server writes it (meta/v1 Status). */
export function statusBody({ status, reason }: MadeAnswer): string {
  const message = `injected: ${reason}`;
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code: status });
}

/** What the API server says at the end of a watch whose version is too old. */
export const expired = {
  status: 'Failure',
  message: 'injected: too old resource version',
  reason: 'Expired',
  code: 410,
} as const;
