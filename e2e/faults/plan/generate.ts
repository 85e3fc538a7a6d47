/** From what clean runs did to everything that can go wrong in them. Pure; the same traces give the same plans. */
import { type ClusterFault, clusterFaults, type WatchFault, type WriteFault, writeFaults } from '../proxy/faults.ts';
import type { Injection, Plan } from './plan.ts';
import type { Trace } from './trace.ts';

/** Faults of a stream that need one plan a resource; swallowing needs one a pair of events. */
const streamFaults: readonly WatchFault[] = ['delay', 'expire', 'cut', 'double', 'split', 'blackhole'];

/** Every plan of a workload: each write times each fault, each event that another one follows, each stream times each fault. */
export function plansOf(trace: Trace): readonly Plan[] {
  const numbered = (fault: string, injections: readonly { readonly step: number; readonly injection: Injection }[]) =>
    injections.map(({ step, injection }, index) => ({
      id: `${trace.workload}/${fault}/${index + 1}`,
      workload: trace.workload,
      injection,
      step,
    }));
  const faults = Object.keys(writeFaults).filter(isWriteFault);
  const onWrites = faults.flatMap((fault) =>
    numbered(
      fault,
      pointsFor(fault, trace).map(({ point, step }) => ({ step, injection: { kind: 'write', fault, point } })),
    ),
  );
  const swallowed = numbered(
    'swallow',
    trace.frames
      .filter(({ followed }) => followed)
      .map(({ resource, object, occurrence, step }) => ({
        step,
        injection: { kind: 'watch', fault: 'swallow', resource, object, occurrence },
      })),
  );
  const onStreams = streamFaults.flatMap((fault) =>
    numbered(
      fault,
      firstFrames(trace).map(({ resource, step }) => ({ step, injection: { kind: 'watch', fault, resource } })),
    ),
  );
  const onCluster = Object.keys(clusterFaults)
    .filter(isClusterFault)
    .flatMap((fault) =>
      numbered(
        fault,
        firstOfControllers(trace).map(({ point, step }) => ({ step, injection: { kind: 'cluster', fault, point } })),
      ),
    );
  return [...onWrites, ...swallowed, ...onStreams, ...onCluster];
}

function isClusterFault(name: string): name is ClusterFault {
  return name in clusterFaults;
}

function isWriteFault(name: string): name is WriteFault {
  return name in writeFaults;
}

/** A write that hangs takes the operator's whole time limit, so it is tried once a controller. */
function pointsFor(fault: WriteFault, trace: Trace): Trace['points'] {
  if (fault === 'hang') return firstOfControllers(trace);
  return fault === 'away' ? trace.points.filter(({ step }) => step >= trace.unattendedFrom) : trace.points;
}

function firstOfControllers({ points }: Trace): Trace['points'] {
  return points.filter(
    (point, index) => points.findIndex(({ controller }) => controller === point.controller) === index,
  );
}

function firstFrames({ frames }: Trace): Trace['frames'] {
  return frames.filter((frame, index) => frames.findIndex(({ resource }) => resource === frame.resource) === index);
}
