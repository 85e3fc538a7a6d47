import { changed, repeated, type SampleObject, type SampleTable } from './table.ts';

const emailSend = {
  channelRef: { name: 'mail' },
  templateRef: { name: 'welcome', key: 'text.liquid' },
  subject: 'Your first GPU hour',
};
const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'GrowthCampaign',
  metadata: { name: 'sample-welcome', namespace: 'default' },
  spec: {
    schedule: { cron: '15 6 * * *', timeZone: 'Europe/Berlin', period: 'Day', startingDeadlineSeconds: 3600 },
    run: { mode: 'Active', activeDeadlineSeconds: 600, backoffLimit: 3, maxMessagesPerRun: 1000 },
    lawfulBasis: 'Consent',
    topic: 'news',
    steps: [
      { name: 'contacts', type: 'LeadImport', leadImport: { csvSecretRef: { name: 'leads', key: 'contacts.csv' } } },
      { name: 'mail', type: 'EmailSend', emailSend },
    ],
  },
};
const cronHint = 'cron must have five fields, for example "15 6 * * *"; put the zone into timeZone';

/** What a GrowthCampaign takes and refuses. */
export const growthCampaigns: SampleTable = {
  kind: 'GrowthCampaign',
  valid: [
    { name: 'import, then mail', object: base },
    { name: 'with default settings', object: changed(base, { 'spec.run': undefined }) },
    { name: 'suspended', object: changed(base, { 'spec.run': { mode: 'Suspended' } }) },
    { name: 'a name of forty characters', object: changed(base, { 'metadata.name': 'n'.repeat(40) }) },
  ],
  invalid: [
    {
      name: 'a name too long for its CronJob',
      object: changed(base, { 'metadata.name': 'n'.repeat(41) }),
      says: 'metadata.name must have at most 40 characters',
    },
    {
      name: 'a zone in cron',
      object: changed(base, { 'spec.schedule.cron': 'TZ=UTC 15 6 * * *' }),
      says: cronHint,
    },
    {
      name: 'a macro in cron',
      object: changed(base, { 'spec.schedule.cron': '@every 1h' }),
      says: cronHint,
    },
    {
      name: 'no zone',
      object: changed(base, { 'spec.schedule.timeZone': undefined }),
      says: 'spec.schedule.timeZone: Required value',
    },
    {
      name: 'a period too long',
      object: changed(base, { 'spec.schedule.period': 'Year' }),
      says: 'spec.schedule.period: Unsupported value: "Year": supported values: "Hour", "Day", "Week", "Month"',
    },
    {
      name: 'no lawful basis',
      object: changed(base, { 'spec.lawfulBasis': undefined }),
      says: 'spec.lawfulBasis: Required value',
    },
    {
      name: 'no steps',
      object: changed(base, { 'spec.steps': [] }),
      says: 'spec.steps in body should have at least 1 items',
    },
    {
      name: 'an unknown step',
      object: changed(base, { 'spec.steps.1': { name: 'sms', type: 'SMSSend' } }),
      says: 'spec.steps[1].type: Unsupported value: "SMSSend": supported values: "LeadImport", "EmailSend"',
    },
    {
      name: 'a step without its settings',
      object: changed(base, { 'spec.steps.1': { name: 'mail', type: 'EmailSend' } }),
      says: 'emailSend is required when type is EmailSend, and forbidden otherwise',
    },
    {
      name: 'a step with the settings of another',
      object: changed(base, { 'spec.steps.0.emailSend': emailSend }),
      says: 'emailSend is required when type is EmailSend, and forbidden otherwise',
    },
    {
      name: 'two steps of one name',
      object: changed(base, { 'spec.steps.1.name': 'contacts' }),
      says: 'spec.steps[1]: Duplicate value: {"name":"contacts"}',
    },
    {
      name: 'too many steps',
      object: changed(base, {
        'spec.steps': repeated(21, (index) => ({ name: `s${index}`, type: 'EmailSend', emailSend })),
      }),
      says: 'spec.steps: Too many: 21: must have at most 20 items',
    },
    {
      name: 'a run that may take no time',
      object: changed(base, { 'spec.run.activeDeadlineSeconds': 29 }),
      says: 'spec.run.activeDeadlineSeconds in body should be greater than or equal to 30',
    },
  ],
  updates: [{ name: 'another subject', from: base, to: changed(base, { 'spec.steps.1.emailSend.subject': 'Hello' }) }],
};
