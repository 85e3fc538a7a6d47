import { keyText, type Pod, Pod as PodKind } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { AdmissionCheck, type CheckState, ResourceFlavor, Workload } from './kinds.ts';

/** What an AdmissionCheck names in spec.controllerName to be answered here. */
export const CONTROLLER_NAME = 'gpuoptimizer.io/plan';

/** A workload that one of our checks is about. */
export interface CheckedWorkload {
  readonly workload: Workload;
  /** Our checks of it, as they stand. */
  readonly checks: readonly CheckState[];
  /** Labels that the flavours chosen by Kueue ask of the nodes, by pod set. */
  readonly flavourLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** What there is to answer. */
export interface CheckFacts {
  readonly checks: readonly AdmissionCheck[];
  /** Workloads that hold quota and wait for our answer. */
  readonly pending: readonly CheckedWorkload[];
  /** Workloads that were told yes and have no pods yet: what they were promised is still free. */
  readonly promised: readonly CheckedWorkload[];
}

/** Reads what Kueue asks of us. Where no check names us there is nothing to answer, and nothing else is read. */
export function observeChecks(reader: Reader): CheckFacts {
  const checks = reader
    .list(AdmissionCheck)
    .filter(
      ({ metadata, spec }) => spec?.controllerName === CONTROLLER_NAME && metadata.deletionTimestamp === undefined,
    );
  if (checks.length === 0) return { checks, pending: [], promised: [] };
  const names = new Set(checks.map(({ metadata }) => metadata.name));
  const found = reader
    .list(Workload)
    .filter(isOpen)
    .flatMap((workload): CheckedWorkload[] => {
      const ours = (workload.status?.admissionChecks ?? []).filter(({ name }) => names.has(name));
      return ours.length === 0 ? [] : [{ workload, checks: ours, flavourLabels: labelsOf(workload, reader) }];
    })
    .sort((left, right) => before(left.workload, right.workload));
  const pending = found.filter((one) => one.checks.some(({ state }) => state === 'Pending'));
  const ready = found.filter((one) => one.checks.every(({ state }) => state === 'Ready'));
  if (ready.length === 0) return { checks, pending, promised: [] };
  const owners = new Set(reader.list(PodKind).flatMap(ownersOf));
  return {
    checks,
    pending,
    promised: ready.filter(({ workload }) => !ownersOf(workload).some((uid) => owners.has(uid))),
  };
}

/** Holds quota, is not over and not stopped. */
function isOpen({ metadata, spec, status }: Workload): boolean {
  const is = (type: string): boolean =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
  return metadata.deletionTimestamp === undefined && spec?.active !== false && is('QuotaReserved') && !is('Finished');
}

function ownersOf({ metadata }: Pick<Pod | Workload, 'metadata'>): readonly string[] {
  return (metadata.ownerReferences ?? []).map(({ uid }) => uid);
}

function labelsOf({ status }: Workload, reader: Reader): CheckedWorkload['flavourLabels'] {
  return new Map(
    (status?.admission?.podSetAssignments ?? []).map(({ name, flavors = {} }) => {
      const labels = Object.values(flavors).map(
        (flavour) => reader.get(ResourceFlavor, { name: flavour })?.spec?.nodeLabels,
      );
      return [name, Object.assign({}, ...labels)];
    }),
  );
}

/** Higher priority first, then the older, then by name. */
function before(left: Workload, right: Workload): number {
  const byPriority = (right.spec?.priority ?? 0) - (left.spec?.priority ?? 0);
  if (byPriority !== 0) return byPriority;
  const [one, other] = [left.metadata.creationTimestamp ?? '', right.metadata.creationTimestamp ?? ''];
  if (one !== other) return one < other ? -1 : 1;
  return keyText(left) < keyText(right) ? -1 : 1;
}
