import { MIG_MODELS, type MigModel, type ProfileShape } from './geometry.ts';

const RESOURCE_PREFIX = 'nvidia.com/mig-';
const PROFILE = /^(?:(?<ci>\d+)c\.)?(?<compute>\d+)g\.(?<gb>\d+)gb(?:[+.](?<plus>[a-z][a-z.]*)|-(?<minus>[a-z]+))?$/;

/** A MIG profile as its name says it: `[1c.]3g.20gb[+me|-me]`. */
export interface MigProfile {
  /** Compute slices of the compute instance, when it is smaller than the GPU instance. */
  readonly computeInstance?: number;
  readonly compute: number;
  readonly memoryGb: number;
  /** `+me`, `+me.all`, `+gfx` or `-me`. */
  readonly attribute?: string;
}

/** Reads a profile name, with `+` or with the `.` that resource names and stock layouts use for it. */
export function parseMigProfile(name: string): MigProfile | undefined {
  const groups = PROFILE.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const profile: MigProfile = { compute: Number(groups.compute), memoryGb: Number(groups.gb) };
  const attribute =
    groups.plus !== undefined ? `+${groups.plus}` : groups.minus !== undefined ? `-${groups.minus}` : undefined;
  return {
    ...profile,
    ...(groups.ci === undefined ? {} : { computeInstance: Number(groups.ci) }),
    ...(attribute === undefined ? {} : { attribute }),
  };
}

/** Reads an extended resource name such as `nvidia.com/mig-1g.10gb`; undefined for anything else. */
export function parseMigResource(resource: string): MigProfile | undefined {
  return resource.startsWith(RESOURCE_PREFIX) ? parseMigProfile(resource.slice(RESOURCE_PREFIX.length)) : undefined;
}

/** The profile's own name, `1g.10gb+me`. */
export function migProfileName(profile: MigProfile): string {
  const instance = profile.computeInstance === undefined ? '' : `${profile.computeInstance}c.`;
  return `${instance}${profile.compute}g.${profile.memoryGb}gb${profile.attribute ?? ''}`;
}

/** The resource name under which the device plugin advertises it: `+` becomes `.`. */
export function migResourceName(profile: MigProfile): string {
  return `${RESOURCE_PREFIX}${migProfileName(profile).replace('+', '.')}`;
}

/** GB by which a reported memory may differ from the nominal one and still name the model. */
const MEMORY_SLACK_GB = 8;

/**
 * The model of a GPU from the labels `nvidia.com/gpu.product` and `nvidia.com/gpu.memory` (MiB). Without the memory, or
 * where it is that of a slice, a size in the product name decides, else the first variant.
 */
export function findMigModel(product: string, memoryMiB?: number): MigModel | undefined {
  const models = MIG_MODELS.filter((model) => model.product.test(product));
  if (models.length <= 1) return models[0];
  const named = Number(/-(\d+)GB\b/.exec(product)?.[1] ?? Number.NaN);
  for (const gb of [(memoryMiB ?? Number.NaN) / 1024, named]) {
    const closest = [...models].sort((left, right) => Math.abs(left.totalGb - gb) - Math.abs(right.totalGb - gb))[0];
    if (closest !== undefined && Math.abs(closest.totalGb - gb) <= MEMORY_SLACK_GB) return closest;
  }
  return models[0];
}

/** The row of a model's table for a profile; `-me` and unlisted attributes take the row without attribute. */
export function profileShape(model: MigModel, profile: MigProfile): ProfileShape | undefined {
  const rows = model.geometry.profiles.filter(
    (row) => row.compute === profile.compute && model.gb[row.size] === profile.memoryGb,
  );
  return rows.find((row) => row.attribute === profile.attribute?.slice(1)) ?? rows[0];
}

/** Names of the profiles that a model offers, in the order of its table. */
export function profileNames(model: MigModel): readonly string[] {
  return model.geometry.profiles.flatMap(({ size, compute, attribute }) => {
    const memoryGb = model.gb[size];
    if (memoryGb === undefined) return [];
    return [migProfileName({ compute, memoryGb, ...(attribute === undefined ? {} : { attribute: `+${attribute}` }) })];
  });
}

/**
 * What one MIG device is worth in thousandths of a GPU: floor(1000 · max(compute share, memory share)). A compute
 * instance counts as its part of the GPU instance. Undefined when the model has no such profile.
 */
export function migEquivalentMilli(model: MigModel, profile: MigProfile): number | undefined {
  const shape = profileShape(model, profile);
  if (shape === undefined) return undefined;
  const { computeSlices, memorySlots } = model.geometry;
  const whole = Math.max(
    Math.floor((shape.compute * 1000) / computeSlices),
    Math.floor((shape.memorySlots * 1000) / memorySlots),
  );
  if (profile.computeInstance === undefined) return whole;
  return Math.floor((whole * profile.computeInstance) / profile.compute);
}

/**
 * The worth of a MIG resource on a node, by the node's labels. On a GPU whose model is not in the table, the least that
 * a known model counts for a profile of that name; undefined when no model has it or the name is not a MIG resource.
 */
export function migResourceMilli(resource: string, product: string, memoryMiB?: number): number | undefined {
  const profile = parseMigResource(resource);
  if (profile === undefined) return undefined;
  const model = findMigModel(product, memoryMiB);
  if (model !== undefined) return migEquivalentMilli(model, profile);
  const known = MIG_MODELS.map((each) => migEquivalentMilli(each, profile)).filter((milli) => milli !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
