import type { Pod } from '../kube/index.ts';
import { EXPECTED_DURATION_ANNOTATION } from './names.ts';

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** Milliseconds of a span such as "90m", "1h30m" or "2d"; undefined for anything else. */
export function parseSpan(text: string | undefined): number | undefined {
  if (text === undefined || !/^(\d+[dhms])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([dhms])/g)];
  const millis = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0);
  return millis > 0 ? millis : undefined;
}

/**
 * How long a pod says that it runs, in milliseconds: what its annotation says, but never beyond the deadline after which
 * the kubelet ends it.
 */
export function declaredMillis(pod: Pod): number | undefined {
  const expected = parseSpan(pod.metadata.annotations?.[EXPECTED_DURATION_ANNOTATION]);
  const deadline = pod.spec?.activeDeadlineSeconds;
  if (deadline === undefined) return expected;
  return Math.min(deadline * 1000, expected ?? Number.POSITIVE_INFINITY);
}

/** When a pod began to run, in milliseconds since the epoch; undefined before. */
export function startedAt({ status }: Pod): number | undefined {
  return status?.startTime === undefined ? undefined : Date.parse(status.startTime);
}
