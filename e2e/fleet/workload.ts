import { type Random, seededRandom, shuffled } from '../../operator/scheduling/planner/index.ts';
import { SHARED, WHOLE } from './groups.ts';
import { deploymentOf, jobOf, type PodNeeds, podOf, type WorkloadObject } from './objects.ts';

/** Namespaces of the two tenants of the demo. */
export const TRAIN_NAMESPACE = 'acme-train';
/** See TRAIN_NAMESPACE. */
export const INFER_NAMESPACE = 'globex-infer';

/** What the generator expects to become of an object on the default fleet under `platform.ts`. */
export type Expectation = 'runs' | 'exceeds-limit' | 'never-fits';

/** One object of a workload and when it is submitted. */
export interface WorkloadItem {
  /** Seconds after the start at which it is submitted. */
  readonly at: number;
  readonly object: WorkloadObject;
  /** Pods that the object becomes, and what each of them asks for. */
  readonly pods: number;
  readonly needs: PodNeeds;
  readonly expect: Expectation;
}

/** Shape of the workload. */
export interface WorkloadOptions {
  readonly seed?: number;
  /** About how many pods; the objects that must wait are always among them. */
  readonly pods?: number;
  /** Seconds over which the objects arrive. */
  readonly spanSeconds?: number;
}

const H100 = 'NVIDIA-H100-80GB-HBM3';
const A100 = 'NVIDIA-A100-SXM4-80GB';
const L4 = 'NVIDIA-L4';
const T4 = 'Tesla-T4';

interface Recipe {
  readonly weight: number;
  readonly build: (random: Random, serial: string) => Omit<WorkloadItem, 'at'>;
}

/** Two tenants' pods over about 100 seconds: gangs, single pods, replicas, shares, MIG devices, and some that wait. */
export function generateWorkload(options: WorkloadOptions = {}): WorkloadItem[] {
  const { seed = 42, pods = 200, spanSeconds = 100 } = options;
  const random = seededRandom(seed);
  const items = waitingItems();
  let count = items.reduce((sum, item) => sum + item.pods, 0);
  for (let serial = 0; count < pods; serial++) {
    const item = pick(random).build(random, String(serial).padStart(3, '0'));
    items.push(item);
    count += item.pods;
  }
  const order = shuffled(items, random);
  const step = spanSeconds / Math.max(1, order.length);
  return order.map((item, index) => ({ at: Math.round((index + random()) * step * 10) / 10, ...item }));
}

/** These wait on purpose: more than the tenant's limit, more than any node has, a profile that nobody offers. */
function waitingItems(): Omit<WorkloadItem, 'at'>[] {
  const train = { cpuMilli: 16_000, memoryMiB: 131_072, devices: { [WHOLE]: 8 }, products: [H100], runSeconds: 60 };
  return [
    gang('foundation-64', 8, { ...train, utilisationPercent: 95 }, 'exceeds-limit'),
    gang('foundation-56', 7, { ...train, utilisationPercent: 95 }, 'exceeds-limit'),
    single(TRAIN_NAMESPACE, 'sixteen-in-one', { ...train, devices: { [WHOLE]: 16 } }, 'never-fits'),
    single(
      INFER_NAMESPACE,
      'whole-slice',
      { cpuMilli: 4000, memoryMiB: 16_384, devices: { 'nvidia.com/mig-7g.80gb': 1 }, products: [A100], runSeconds: 60 },
      'never-fits',
    ),
  ];
}

const RECIPES: readonly Recipe[] = [
  {
    weight: 7,
    build: (random, serial) => {
      const gpus = oneOf(random, [1, 2, 4, 8]);
      return gang(`train-${serial}`, oneOf(random, [2, 2, 4]), {
        ...sized(gpus, 8000, 65_536),
        devices: { [WHOLE]: gpus },
        products: [oneOf(random, [H100, H100, A100])],
        runSeconds: between(random, 40, 80),
        utilisationPercent: between(random, 70, 98),
      });
    },
  },
  {
    weight: 9,
    build: (random, serial) =>
      single(TRAIN_NAMESPACE, `tune-${serial}`, {
        ...sized(1, 6000, 32_768),
        devices: { [WHOLE]: 1 },
        products: oneOf(random, [[H100, A100], [A100], [L4, T4]]),
        runSeconds: between(random, 30, 80),
        utilisationPercent: between(random, 40, 95),
      }),
  },
  {
    weight: 3,
    build: (random, serial) =>
      replicas(`serve-${serial}`, between(random, 1, 3), {
        ...sized(1, 4000, 16_384),
        devices: { [WHOLE]: 1 },
        products: oneOf(random, [[L4], [T4], [L4, T4]]),
        // Every third service is left over from an experiment and does nothing, for `tuning` to find.
        utilisationPercent: oneOf(random, [1, 45, 60]),
      }),
  },
  {
    weight: 8,
    build: (random, serial) =>
      single(INFER_NAMESPACE, `share-${serial}`, {
        ...sized(1, 2000, 8192),
        devices: { [SHARED]: 1 },
        runSeconds: between(random, 20, 60),
        utilisationPercent: between(random, 5, 30),
      }),
  },
  {
    weight: 10,
    build: (random, serial) =>
      single(INFER_NAMESPACE, `slice-${serial}`, {
        ...sized(1, 2000, 12_288),
        devices: { [`nvidia.com/mig-${oneOf(random, ['1g.10gb', '1g.10gb', '1g.10gb', '2g.20gb', '3g.40gb'])}`]: 1 },
        runSeconds: between(random, 20, 70),
        utilisationPercent: between(random, 20, 80),
      }),
  },
  {
    weight: 2,
    build: (random, serial) =>
      single(TRAIN_NAMESPACE, `prepare-${serial}`, {
        ...sized(1, 4000, 8192),
        devices: {},
        runSeconds: between(random, 10, 30),
      }),
  },
];

function gang(name: string, pods: number, needs: PodNeeds, expect: Expectation = 'runs'): Omit<WorkloadItem, 'at'> {
  return { object: jobOf(TRAIN_NAMESPACE, name, pods, needs), pods, needs, expect };
}

function single(
  namespace: string,
  name: string,
  needs: PodNeeds,
  expect: Expectation = 'runs',
): Omit<WorkloadItem, 'at'> {
  return { object: podOf(namespace, name, needs), pods: 1, needs, expect };
}

function replicas(name: string, pods: number, needs: PodNeeds): Omit<WorkloadItem, 'at'> {
  return { object: deploymentOf(INFER_NAMESPACE, name, pods, needs), pods, needs, expect: 'runs' };
}

function sized(gpus: number, cpuMilli: number, memoryMiB: number): Pick<PodNeeds, 'cpuMilli' | 'memoryMiB'> {
  return { cpuMilli: gpus * cpuMilli, memoryMiB: gpus * memoryMiB };
}

function pick(random: Random): Recipe {
  const total = RECIPES.reduce((sum, recipe) => sum + recipe.weight, 0);
  let left = random() * total;
  for (const recipe of RECIPES) {
    left -= recipe.weight;
    if (left < 0) return recipe;
  }
  return RECIPES[0] as Recipe;
}

function oneOf<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

/** A whole number from `low` to `high`, both included. */
function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** `count` single pods that ask for one whole GPU of any model, for measuring how fast pods are released. */
export function generateUniformPods(count: number, namespace: string, runSeconds?: number): WorkloadItem[] {
  const needs: PodNeeds = { cpuMilli: 1000, memoryMiB: 1024, devices: { [WHOLE]: 1 }, runSeconds };
  return Array.from({ length: count }, (_, index) => {
    const object = podOf(namespace, `bench-${String(index).padStart(5, '0')}`, needs);
    return { at: 0, object, pods: 1, needs, expect: 'runs' as const };
  });
}
