import type { CommonStatus, CustomResource, Int32, Ref, Timestamp } from '../common.ts';

/**
 * UsageCorrection is a person's word that a sealed window holds too much or too little, or how what is held about it ends.
 * It is applied once, under its name: an object of the same name that is created again changes nothing more.
 * @resource plural=usagecorrections singular=usagecorrection shortNames=gcorr categories=gpuopt scope=Cluster
 * @column Name=Tenant type=string path=.spec.tenantRef.name description="Whose usage"
 * @column Name=SKU type=string path=.spec.sku description="Usage of what"
 * @column Name=Window type=string path=.spec.windowStartTime description="When the window began"
 * @column Name=Seconds type=string path=.spec.quantitySeconds description="GPU-seconds added or taken away"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether it is applied"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True Applied -- the ledger holds the correction, once
 * @condition Ready=False AwaitingApproval -- nobody approved it yet; set spec.approvedBy
 * @condition Ready=False TenantUnknown -- nobody charges a tenant of this name; correct spec.tenantRef, or give the Tenant its spec.billing
 * @condition Ready=False SKUUnknown -- neither the window nor the price list of the tenant knows this SKU; correct spec.sku
 * @condition Ready=False WindowUnknown -- no sealed window begins at this moment; take a windowStart of gpuopt usage, or wait until the hour is sealed
 * @condition Ready=False BelowZero -- less would be taken than the window holds; take no more than its total
 * @condition Ready=False InvoiceClosed -- the invoice of the window is final, so that the provider bills nothing more of it; write a credit note or an invoice item there
 * @condition Ready=False TooOld -- the provider takes no usage older than 35 days; write a credit note or an invoice item there
 * @condition Ready=False NothingHeld -- spec.held says how something held ends, and nothing is held in the window
 * @condition Ready=False SumsDiffer -- with this quantity the ledger would still not have the provider's sum; the message names the one that does
 * @condition Ready=False NameTaken -- a correction of this name was applied before, and said something else; use another name
 */
export interface UsageCorrection extends CustomResource<UsageCorrectionSpec, UsageCorrectionStatus> {}

/**
 * UsageCorrectionSpec says what is corrected, by how much, and why.
 * @rule self.tenantRef == oldSelf.tenantRef && self.sku == oldSelf.sku && self.windowStartTime == oldSelf.windowStartTime && self.quantitySeconds == oldSelf.quantitySeconds && self.reason == oldSelf.reason && has(self.held) == has(oldSelf.held) && (!has(self.held) || self.held == oldSelf.held) -- spec is immutable but for approvedBy: an approval is of what was read; create a new UsageCorrection instead
 * @rule !has(oldSelf.approvedBy) || has(self.approvedBy) && self.approvedBy == oldSelf.approvedBy -- approvedBy is immutable once it is set: usage may rest on it
 * @rule self.quantitySeconds != '0' || has(self.held) -- quantitySeconds 0 corrects nothing; state a quantity, or in held how what is held ends
 * @rule !has(self.held) || self.held != 'Send' || self.quantitySeconds == '0' -- held Send says that this ledger is right; then quantitySeconds is 0
 */
export interface UsageCorrectionSpec {
  /** tenantRef names the Tenant. */
  readonly tenantRef: Ref;
  /**
   * sku is the name of a SKU of the tenant's price list.
   * @minLength 1
   * @maxLength 80
   * @pattern ^[a-z0-9_]+$
   */
  readonly sku: string;
  /** windowStartTime is when the window begins: a full hour, UTC, or the moment of a price change that cut the hour. */
  readonly windowStartTime: Timestamp;
  /**
   * quantitySeconds are the GPU-seconds that the window held more, or less with a minus; 0 only where held says what ends.
   * @pattern ^(0|-?[1-9][0-9]{0,17})$
   * @maxLength 19
   */
  readonly quantitySeconds: string;
  /**
   * held says how what is held in the window ends. Recorded: the provider's sum is right; held rows count as recorded, and
   * the correction changes this ledger alone. Send: this ledger is right; held rows are sent, and so is a held difference.
   * Send needs quantitySeconds 0.
   */
  readonly held?: 'Recorded' | 'Send';
  /**
   * reason is why, for whoever audits the bill.
   * @minLength 1
   * @maxLength 1024
   */
  readonly reason: string;
  /**
   * approvedBy is who answers for it; nothing happens before it is set. Whoever may write the object may write any name:
   * the audit log of the API server tells who did.
   * @minLength 1
   * @maxLength 253
   */
  readonly approvedBy?: string;
}

/** UsageCorrectionStatus tells what the correction became. */
export interface UsageCorrectionStatus extends CommonStatus {
  /**
   * revision is the revision of the window that holds it.
   * @min 1
   */
  readonly revision?: Int32;
  /**
   * identifier is that of the row for the provider.
   * @minLength 1
   * @maxLength 100
   */
  readonly identifier?: string;
  /** appliedTime is when the ledger took it. */
  readonly appliedTime?: Timestamp;
}
