import type { CommonStatus, CustomResource, Int32, KeyRef, Label, Ref, Seconds, Timestamp } from '../common.ts';

/**
 * GrowthCampaign is marketing work that runs on a schedule: it becomes one CronJob, and each run walks the steps.
 * @resource plural=growthcampaigns singular=growthcampaign shortNames=gcamp categories=gpuopt scope=Namespaced
 * @column Name=Schedule type=string path=.spec.schedule.cron description="Cron expression"
 * @column Name=Mode type=string path=.spec.run.mode description="Active, DryRun or Suspended"
 * @column Name=LastRun type=string path=.status.lastRun.outcome description="Outcome of the last run"
 * @column Name=Sent type=integer path=.status.lastRun.sent description="Mails of the last run"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @rule size(self.metadata.name) <= 40 -- metadata.name must have at most 40 characters, because the CronJob made of it adds to the name and may have 52
 * @condition Ready=True Scheduled -- runs start as spec.schedule says
 * @condition Ready=True DryRun -- runs start and do everything but the sending
 * @condition Ready=True Suspended -- no run starts, because run.mode is Suspended
 * @condition Ready=False NamespaceNotAllowed -- the namespace is not open to campaigns; the message has the label that opens it
 * @condition Ready=False UnknownTimeZone -- schedule.timeZone is no IANA zone
 * @condition Ready=False ChannelMissing -- a step names a MessagingChannel that is not there
 * @condition Ready=False NotCompliant -- a channel lacks what the law asks to be in each mail
 * @condition Ready=False CronJobRefused -- the API server refuses the CronJob; the message says why
 * @condition Compliant=True ChannelsCompliant -- every channel names a postal address and a way to unsubscribe
 * @condition Compliant=True NoMail -- no step sends mail
 * @condition LastRunSucceeded=True Succeeded -- the last run walked every step
 * @condition LastRunSucceeded=False Failed -- the last run failed; the message is its first error
 * @condition LastRunSucceeded=False Interrupted -- the last run ended without saying so, as when its node went away
 * @condition LastRunSucceeded=Unknown Running -- a run is under way
 * @event Normal CampaignRunSucceeded -- a run ended well, with its numbers
 * @event Warning CampaignRunFailed -- a run failed or was interrupted, with its first error
 */
export interface GrowthCampaign extends CustomResource<GrowthCampaignSpec, GrowthCampaignStatus> {}

/** GrowthCampaignSpec is what to do, when, and how carefully. */
export interface GrowthCampaignSpec {
  /** schedule says when a run starts. */
  readonly schedule: Schedule;
  /**
   * run bounds a run.
   * @default {}
   */
  readonly run?: RunSettings;
  /** lawfulBasis is why the contacts may be written to; with Consent only contacts whose consent is recorded get mail. */
  readonly lawfulBasis: 'Consent' | 'Contract' | 'LegitimateInterest';
  /** topic is what a contact unsubscribes from. */
  readonly topic: Label;
  /**
   * steps are walked in order; each is committed before the next begins.
   * @minItems 1
   * @maxItems 20
   * @listType map
   * @listKey name
   */
  readonly steps: readonly Step[];
}

/** Schedule says when. */
export interface Schedule {
  /**
   * cron is a cron expression of five fields; TZ= and @every are refused, the zone has its own field.
   * @minLength 9
   * @maxLength 128
   * @rule !self.contains('TZ=') && !self.startsWith('@') -- cron must have five fields, for example "15 6 * * *"; put the zone into timeZone
   */
  readonly cron: string;
  /**
   * timeZone is the IANA zone that cron is read in.
   * @minLength 1
   * @maxLength 64
   * @pattern ^[A-Za-z0-9_+/-]+$
   */
  readonly timeZone: string;
  /**
   * period is the unit of doing something once: a second run in the same period finds it done.
   * @default "Day"
   */
  readonly period?: 'Hour' | 'Day' | 'Week' | 'Month';
  /**
   * startingDeadlineSeconds is how late a run may start.
   * @min 60
   * @max 86400
   * @default 3600
   */
  readonly startingDeadlineSeconds?: Seconds;
}

/** RunSettings bound a run. */
export interface RunSettings {
  /**
   * mode is Active, DryRun (everything but the sending) or Suspended (the CronJob is suspended).
   * @default "Active"
   */
  readonly mode?: 'Active' | 'DryRun' | 'Suspended';
  /**
   * activeDeadlineSeconds is the most time a run may take.
   * @min 30
   * @max 86400
   * @default 1800
   */
  readonly activeDeadlineSeconds?: Seconds;
  /**
   * backoffLimit is how often a failed run is tried again.
   * @min 0
   * @max 10
   * @default 3
   */
  readonly backoffLimit?: Int32;
  /**
   * maxMessagesPerRun bounds the mails of one run.
   * @min 1
   * @max 1000000
   * @default 5000
   */
  readonly maxMessagesPerRun?: Int32;
}

/** Step is one piece of work of a run. */
export type Step = LeadImportStep | EmailSendStep;

/** LeadImportStep brings contacts in. */
export interface LeadImportStep {
  /** name is unique among the steps. */
  readonly name: Label;
  /** type is LeadImport. */
  readonly type: 'LeadImport';
  /** leadImport holds the settings of type LeadImport. */
  readonly leadImport: LeadImport;
}

/** EmailSendStep writes to contacts. */
export interface EmailSendStep {
  /** name is unique among the steps. */
  readonly name: Label;
  /** type is EmailSend. */
  readonly type: 'EmailSend';
  /** emailSend holds the settings of type EmailSend. */
  readonly emailSend: EmailSend;
}

/** LeadImport reads a CSV file with the columns email, name, consent, consent_time and source. */
export interface LeadImport {
  /** csvSecretRef names the key of a Secret of the same namespace that holds the CSV; people are not kept in ConfigMaps. */
  readonly csvSecretRef: KeyRef;
}

/** EmailSend sends one mail to each contact that may be written to. */
export interface EmailSend {
  /** channelRef names a MessagingChannel of the same namespace. */
  readonly channelRef: Ref;
  /** templateRef names the key of a ConfigMap with the Liquid template of the text. */
  readonly templateRef: KeyRef;
  /**
   * subject is the Liquid template of the subject.
   * @minLength 1
   * @maxLength 256
   */
  readonly subject: string;
}

/** GrowthCampaignStatus tells how the runs went. */
export interface GrowthCampaignStatus extends CommonStatus {
  /** cronJobName is the CronJob that runs the campaign. */
  readonly cronJobName?: Label;
  /** lastRun is the newest run. */
  readonly lastRun?: LastRun;
  /** lastScheduleTime is when the CronJob last started a run. */
  readonly lastScheduleTime?: Timestamp;
}

/** LastRun is the result of a run; the store holds the truth. */
export interface LastRun {
  /**
   * period is the period that the run was for, for example 2026-12-01.
   * @maxLength 32
   */
  readonly period: string;
  /** jobName is the Job of the run. */
  readonly jobName?: Label;
  /** startedTime is when the run began. */
  readonly startedTime?: Timestamp;
  /** finishedTime is when it ended. */
  readonly finishedTime?: Timestamp;
  /** outcome is how it ended. */
  readonly outcome: 'Running' | 'Succeeded' | 'Failed' | 'Interrupted';
  /**
   * imported is the number of contacts that were new.
   * @min 0
   */
  readonly imported: Int32;
  /**
   * refused is the number of CSV rows that were not usable.
   * @min 0
   */
  readonly refused: Int32;
  /**
   * sent is the number of mails that the server accepted.
   * @min 0
   */
  readonly sent: Int32;
  /**
   * skipped is the number of contacts that must not be written to.
   * @min 0
   */
  readonly skipped: Int32;
  /**
   * failed is the number of mails that the server refused.
   * @min 0
   */
  readonly failed: Int32;
  /**
   * unknown is the number of mails of which nobody knows whether the server took them; they are never sent again.
   * @min 0
   */
  readonly unknown: Int32;
  /**
   * message is the first error, without any person's data.
   * @maxLength 1024
   */
  readonly message?: string;
}
