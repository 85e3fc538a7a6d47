/** Who takes part in a price experiment, and which arm each gets; pure. */
import { createHash } from 'node:crypto';

import type {
  BillingPlan,
  PriceArm,
  PriceBook,
  PriceExperiment,
  PriceExperimentSpec,
  Tenant,
} from '../../api/index.ts';

/** Why an experiment gives nobody an arm. */
export interface Problem {
  readonly reason: 'PlanMissing' | 'BookMissing' | 'CurrencyDiffers' | 'SkusMissing' | 'Overlaps';
  readonly message: string;
}

/** What an experiment is judged by. */
export interface ExperimentWorld {
  readonly plan: BillingPlan | undefined;
  readonly books: readonly PriceBook[];
  readonly others: readonly PriceExperiment[];
}

/** The arm of a tenant: his part of a circle that is cut by weight, by a hash that stays. */
export function armOf(experimentUid: string, tenantUid: string, arms: readonly PriceArm[]): PriceArm {
  const total = arms.reduce((sum, { weight }) => sum + weight, 0);
  const digest = createHash('sha256').update(`${experimentUid}\n${tenantUid}`).digest();
  let at = Number(digest.readBigUInt64BE() % BigInt(total));
  const found = arms.find(({ weight }) => {
    at -= weight;
    return at < 0;
  });
  if (found === undefined) throw new TypeError('an experiment without arms');
  return found;
}

/** Whether a tenant is of the experiment: on its plan, with no list of his own, and made in its time. */
export function takesPart(
  { planRef, startMonth, stopMonth }: PriceExperimentSpec,
  { metadata, spec }: Tenant,
): boolean {
  if (spec.planRef?.name !== planRef.name || spec.billing?.book !== undefined) return false;
  // The API server writes UTC.
  const month = metadata.creationTimestamp?.slice(0, 7);
  return month !== undefined && month >= startMonth && (stopMonth === undefined || month < stopMonth);
}

/** Whether another experiment gave the tenant an arm of this plan: he keeps that one. */
export function hasOtherArm({ metadata, spec }: PriceExperiment, { status }: Tenant): boolean {
  const given = status?.priceExperiment;
  return given?.arm !== undefined && given.plan === spec.planRef.name && given.name !== metadata.name;
}

/** What keeps an experiment from giving arms; undefined where nothing does. */
export function problemOf({ metadata, spec }: PriceExperiment, world: ExperimentWorld): Problem | undefined {
  const { plan, books } = world;
  if (plan === undefined) {
    const message = `there is no BillingPlan ${spec.planRef.name}; create it, or make another PriceExperiment`;
    return { reason: 'PlanMissing', message };
  }
  const older = world.others.find((other) => isBefore(other, metadata) && overlaps(other.spec, spec));
  if (older !== undefined) {
    const message = `PriceExperiment ${older.metadata.name} takes new tenants of ${spec.planRef.name} in the same time; set its spec.stopMonth to ${spec.startMonth} or before`;
    return { reason: 'Overlaps', message };
  }
  const own = versionsOf(books, plan.spec.book);
  return [plan.spec.book, ...spec.arms.map(({ book }) => book)]
    .map((book) => listProblem(book, versionsOf(books, book), own))
    .find((problem) => problem !== undefined);
}

function listProblem(book: string, versions: readonly PriceBook[], own: readonly PriceBook[]): Problem | undefined {
  const [newest] = versions;
  if (newest === undefined)
    return { reason: 'BookMissing', message: `no PriceBook is a version of ${book}; create one` };
  const currencies = new Set(own.map(({ spec }) => spec.currency));
  const other = versions.find(({ spec }) => !currencies.has(spec.currency));
  if (other !== undefined) {
    const message = `PriceBook ${other.metadata.name} is in ${other.spec.currency}, and the plan's list in ${[...currencies].join(', ')}`;
    return { reason: 'CurrencyDiffers', message };
  }
  const names = new Set(newest.spec.skus.map(({ name }) => name));
  const lacks = own[0]?.spec.skus.find(({ name }) => !names.has(name));
  if (lacks === undefined) return undefined;
  const message = `PriceBook ${newest.metadata.name} has no price for ${lacks.name}, which the plan's list has; add one in a new version`;
  return { reason: 'SkusMissing', message };
}

/** Newest first. */
function versionsOf(books: readonly PriceBook[], name: string): readonly PriceBook[] {
  return books.filter(({ spec }) => spec.book === name).toSorted((a, b) => b.spec.version - a.spec.version);
}

function isBefore(other: PriceExperiment, own: PriceExperiment['metadata']): boolean {
  const age = ({ creationTimestamp = '', name }: PriceExperiment['metadata']): string => `${creationTimestamp} ${name}`;
  return other.metadata.uid !== own.uid && age(other.metadata) < age(own);
}

function overlaps(one: PriceExperimentSpec, other: PriceExperimentSpec): boolean {
  const isWithin = ({ startMonth }: PriceExperimentSpec, { stopMonth }: PriceExperimentSpec): boolean =>
    stopMonth === undefined || startMonth < stopMonth;
  return one.planRef.name === other.planRef.name && isWithin(one, other) && isWithin(other, one);
}
