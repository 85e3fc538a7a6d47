import type { Thing } from '../../runtime/testing/index.ts';
import { pod } from '../world.fixture.ts';

/** When they began. */
const FROM = Date.parse('2027-01-10T06:00:00Z');

/** A pod of a Job that has ended after so many minutes and is still there. */
export function ended(
  name: string,
  job: string,
  minutes: number,
  over: NonNullable<Parameters<typeof pod>[1]> = {},
): Thing {
  const made = pod(name, { job, node: 'n1', phase: 'Succeeded', labels: { 'gpuoptimizer.io/plan': 'x' }, ...over });
  const iso = (millis: number): string => new Date(millis).toISOString();
  const terminated = { exitCode: 0, finishedAt: iso(FROM + minutes * 60_000) };
  const containerStatuses = [{ name: 'main', state: { terminated } }];
  const status = { ...Reflect.get(made.object, 'status'), startTime: iso(FROM), containerStatuses };
  return { ...made, object: { ...made.object, status } as Thing['object'] };
}
