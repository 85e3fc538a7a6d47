import type { CommonStatus, Currency, CustomResource, Int32, Int64, Name, Ref, Timestamp } from '../common.ts';

/**
 * UsageReport records once what the ledger held of a period when the period was sealed, outside the database: what is
 * cut off the ledger later, or lost by restoring an older copy of it, is then found.
 * @resource plural=usagereports singular=usagereport shortNames=gusage categories=gpuopt scope=Cluster
 * @column Name=Tenant type=string path=.spec.tenantRef.name description="Whose usage; empty: everybody's"
 * @column Name=From type=string path=.status.record.fromTime description="Windows that begin from then on"
 * @column Name=To type=string path=.status.record.toTime description="Windows that begin before"
 * @column Name=Rows type=integer path=.status.record.rows description="Rows of usage windows"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether it is recorded"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Verified type=string path=.status.conditions[?(@.type=="Verified")].status description="Whether the ledger still has what was recorded"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @rule !has(oldSelf.status) || !has(oldSelf.status.record) || self.spec == oldSelf.spec -- spec is immutable once the period is recorded; create a new UsageReport instead
 * @condition Ready=True Recorded -- the record is in the status, and never changes
 * @condition Ready=Unknown PeriodOpen -- the period has not ended; the message says when it does
 * @condition Ready=Unknown NotSealed -- a window of the period is not sealed yet; the message says through when they are
 * @condition Ready=Unknown RevisionsDue -- late news of the period is not yet stated as revisions; metering does that next
 * @condition Ready=Unknown LedgerChanged -- the ledger got rows of the period while it was read; the next pass reads again
 * @condition Ready=False PeriodTooLong -- the period spans more than 366 days; create several reports
 * @condition Ready=False TenantUnknown -- the ledger has no usage of a tenant of this name; correct spec.tenantRef
 * @condition Verified=True HeadsFound -- the ledger has every chain head of the record
 * @condition Verified=False ChainCut -- the ledger lacks a row that the record names: a tail was cut off, or an older copy was restored; the message names tenant and window
 * @event Warning UsageChainCut -- the ledger lacks a row that the record names, and which
 */
export interface UsageReport extends CustomResource<UsageReportSpec, UsageReportStatus> {}

/** UsageReportSpec says whose usage is recorded, and of when. */
export interface UsageReportSpec {
  /** tenantRef names the tenant, who need not be there any more; without it, the usage of all. */
  readonly tenantRef?: Ref;
  /** period is when the windows begin that are recorded. */
  readonly period: ReportPeriod;
}

/**
 * ReportPeriod is a calendar month, or any half-open span of at most 366 days.
 * @rule has(self.month) ? !has(self.fromTime) && !has(self.toTime) : has(self.fromTime) && has(self.toTime) -- set either month, for a calendar month in UTC, or both fromTime and toTime
 * @rule !has(self.fromTime) || !has(self.toTime) || self.fromTime < self.toTime -- fromTime must be before toTime; times are half-open
 */
export interface ReportPeriod {
  /**
   * month is a calendar month in UTC, such as 2026-10.
   * @pattern ^20[0-9]{2}-(0[1-9]|1[0-2])$
   * @maxLength 7
   */
  readonly month?: string;
  /** fromTime is from when on windows begin that count. */
  readonly fromTime?: Timestamp;
  /** toTime is before when they begin. */
  readonly toTime?: Timestamp;
}

/**
 * UsageReportStatus holds the record.
 * @rule !has(oldSelf.record) || has(self.record) && self.record == oldSelf.record -- record is written once: it is what the ledger is held against
 */
export interface UsageReportStatus extends CommonStatus {
  /** record is what the ledger held; absent until the period is sealed. */
  readonly record?: UsageRecord;
}

/** UsageRecord is what the ledger held of the period. */
export interface UsageRecord {
  /** recordedTime is when it was read. */
  readonly recordedTime: Timestamp;
  /** fromTime is from when on windows begin that count. */
  readonly fromTime: Timestamp;
  /** toTime is before when they begin. */
  readonly toTime: Timestamp;
  /**
   * rows are those of usage windows, revisions included.
   * @min 0
   */
  readonly rows: Int64;
  /** sha256 is the SHA-256 over the hashes of these rows in the order of their windows and then of their numbers, each followed by a newline. */
  readonly sha256: SHA256;
  /**
   * meters are the sums of the rows, by the name of the meter.
   * @maxItems 100
   * @listType atomic
   */
  readonly meters: readonly MeterSum[];
  /**
   * metersLeftOut are further meters, for which meters has no place.
   * @min 0
   */
  readonly metersLeftOut: Int32;
  /** focus is about the FOCUS export of the period. */
  readonly focus: FocusRecord;
  /**
   * heads are the last rows of the period in the hash chains of the tenants, by the name of the tenant.
   * @maxItems 250
   * @listType atomic
   */
  readonly heads: readonly ChainHead[];
  /**
   * headsLeftOut are tenants with usage in the period for whom heads has no place; a report of their own has one.
   * @min 0
   */
  readonly headsLeftOut: Int32;
}

/**
 * A SHA-256 in hexadecimal.
 * @pattern ^[0-9a-f]{64}$
 * @maxLength 64
 */
type SHA256 = string & { readonly __unit?: 'SHA256' };

/** MeterSum is the usage of one meter. */
export interface MeterSum {
  /**
   * meter is its name, made of model and profile.
   * @minLength 1
   * @maxLength 128
   */
  readonly meter: string;
  /**
   * quantitySeconds are its GPU-seconds, corrections included.
   * @pattern ^-?[0-9]{1,38}$
   * @maxLength 39
   */
  readonly quantitySeconds: string;
}

/** FocusRecord is about what gpuopt usage export --format focus printed for the period when it was recorded. */
export interface FocusRecord {
  /**
   * rows are those of the export, without the line of names.
   * @min 0
   */
  readonly rows: Int64;
  /** sha256 is the SHA-256 of the export. Invoices that become final, and later revisions, change what is printed later. */
  readonly sha256: SHA256;
  /**
   * totals are the sums of the costs, by currency.
   * @maxItems 50
   * @listType atomic
   */
  readonly totals: readonly FocusTotal[];
  /**
   * totalsLeftOut are further currencies, for which totals has no place.
   * @min 0
   */
  readonly totalsLeftOut: Int32;
}

/** FocusTotal is what the rows of one currency come to, in major units, exact. */
export interface FocusTotal {
  /** currency is the code in lower case. */
  readonly currency: Currency;
  /** billedCost is the sum of BilledCost. */
  readonly billedCost: ExactCost;
  /** effectiveCost is the sum of EffectiveCost, which unused GPU time has too. */
  readonly effectiveCost: ExactCost;
}

/**
 * An exact amount in major units, which may be negative.
 * @pattern ^-?[0-9]{1,30}([.][0-9]{1,18})?$
 * @maxLength 50
 */
type ExactCost = string & { readonly __unit?: 'ExactCost' };

/** ChainHead is a row of a tenant's hash chain; the hash covers every row before it. */
export interface ChainHead {
  /** tenant is whose chain it is. */
  readonly tenant: Name;
  /**
   * sequence is the number of the row in the ledger.
   * @pattern ^[0-9]{1,19}$
   * @maxLength 19
   */
  readonly sequence: string;
  /** windowStartTime is when the window of the row begins. */
  readonly windowStartTime: Timestamp;
  /** hash is the row's. */
  readonly hash: SHA256;
}
