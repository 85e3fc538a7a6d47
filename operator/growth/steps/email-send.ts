import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { composeMail, type Mail } from '../mail/compose.ts';
import type { Mailer, SendResult, SmtpCredentials } from '../mail/smtp.ts';
import { type MailTemplates, parseTemplates, sampleData } from '../mail/template.ts';
import { type ChannelConfig, mounts, type RunConfig, type StepConfig } from '../run/config.ts';
import type { ClaimedMessage, Counts } from '../run/contract.ts';
import { badConfig, exitCodes, RunStopped, tryLater } from './exit.ts';
import { readMounted } from './mounted.ts';
import type { StepContext } from './step.ts';

type EmailSendConfig = Extract<StepConfig, { type: 'EmailSend' }>;

/** Troubles with the server in a row after which the run ends, to be tried again later. */
const maxTroubles = 5;
/** The breaker: from this many answers on, more than this share of refused addresses ends the run. */
const breaker = { minAnswers: 200, maxRejectedBp: 200 };
const recordMillis = 60_000;

/** Sends one mail to each contact that may be written to; what an earlier attempt sent, or may have sent, is not sent again. */
export async function emailSend(step: EmailSendConfig, context: StepContext): Promise<Counts> {
  const { config, store, fence, signal } = context;
  checkCompliance(step.channel);
  const templates = await loadTemplates(step, context);
  const planned = await store.planMessages(
    fence,
    {
      step: step.name,
      topic: config.topic,
      lawfulBasis: config.lawfulBasis,
      maxMessages: config.maxMessagesPerRun,
      dryRun: config.dryRun,
    },
    signal,
  );
  if (config.dryRun) return { ...planned };
  const mailer = context.openMailer(step.channel, await loadCredentials(step.channel, context));
  try {
    await sendAll(step, templates, mailer, context);
  } finally {
    mailer.close();
  }
  const sent = await store.countStep(fence, step.name, signal);
  return { ...sent, skipped: planned.skipped, overLimit: planned.overLimit };
}

function checkCompliance(channel: ChannelConfig): void {
  if (channel.postalAddress.trim() !== '' && channel.unsubscribeBaseURL.startsWith('https://')) return;
  throw new RunStopped(
    exitCodes.breaker,
    'NotCompliant',
    `channel ${channel.name} has no postal address or no https unsubscribe URL; without them no mail may leave`,
  );
}

async function loadTemplates(step: EmailSendConfig, context: StepContext): Promise<MailTemplates> {
  const text = await readMounted(
    join(context.mountRoot, mounts.template(step.name)),
    `the ConfigMap key named by templateRef of step ${step.name}`,
  );
  const templates = parseTemplates(step.subject, text);
  templates.render({ ...sampleData, campaign: context.config.campaign, topic: context.config.topic });
  return templates;
}

async function loadCredentials(channel: ChannelConfig, context: StepContext): Promise<SmtpCredentials | undefined> {
  if (!channel.credentials) return undefined;
  const folder = join(context.mountRoot, mounts.credentials(channel.name));
  const what = (key: string): string => `the key ${key} of the Secret with the credentials of channel ${channel.name}`;
  return {
    user: (await readMounted(join(folder, 'username'), what('username'))).trim(),
    pass: (await readMounted(join(folder, 'password'), what('password'))).trim(),
  };
}

async function sendAll(
  step: EmailSendConfig,
  templates: MailTemplates,
  mailer: Mailer,
  context: StepContext,
): Promise<void> {
  const { store, fence, clock, signal } = context;
  const pauseMillis = 1_000 / step.channel.maxPerSecond;
  const earlier = await store.countStep(fence, step.name, signal);
  const answers = { accepted: earlier.accepted ?? 0, rejected: earlier.rejected ?? 0 };
  let troubles = 0;
  for (;;) {
    signal.throwIfAborted();
    const next = await store.claimMessage(fence, step.name, randomUUID(), signal);
    if (next.kind === 'empty') return;
    if (next.kind === 'wait') {
      await clock.sleep(Math.min(next.millis, 30_000), signal);
      continue;
    }
    const startedAt = clock.monotonic();
    const result = await sendOne(step.channel, templates, mailer, next, context);
    troubles = result.scope === 'server' ? troubles + 1 : 0;
    if (result.state === 'accepted') answers.accepted += 1;
    if (result.state === 'rejected') answers.rejected += 1;
    stopOnTrouble(step.channel, result, troubles);
    stopOnBounces(answers);
    await clock.sleep(Math.max(0, pauseMillis - (clock.monotonic() - startedAt)), signal);
  }
}

async function sendOne(
  channel: ChannelConfig,
  templates: MailTemplates,
  mailer: Mailer,
  message: ClaimedMessage,
  context: StepContext,
): Promise<SendResult> {
  const mail = await mailFor(channel, templates, message, context);
  const result = mail === undefined ? unmade : await mailer.send(mail);
  // Told to stop or not: what the server answered is written down, else the mail would count as unknown.
  await context.store.recordDelivery(
    context.fence,
    { messageId: message.id, state: result.state, reply: result.reply, hardBounce: result.hardBounce },
    AbortSignal.timeout(recordMillis),
  );
  context.log.info({ message: message.id, state: result.state, reply: result.reply }, 'sent a mail to the server');
  return result;
}

/** A mail that cannot be made of one contact's data, for example because the subject gets too long with the name. */
const unmade: SendResult = { state: 'rejected', reply: 'TEMPLATE', scope: 'message', hardBounce: false };

/** The mail to a contact; undefined when the templates, which were tried with a sample, fail with these data. */
async function mailFor(
  channel: ChannelConfig,
  templates: MailTemplates,
  message: ClaimedMessage,
  context: StepContext,
): Promise<Mail | undefined> {
  const unsubscribeUrl = `${channel.unsubscribeBaseURL.replace(/\/$/, '')}/${message.unsubscribeToken}`;
  try {
    const { subject, text } = templates.render(dataFor(context.config, message, unsubscribeUrl));
    return await composeMail({
      channel,
      to: { name: message.name, email: message.email },
      subject,
      text,
      unsubscribeUrl,
      messageId: message.id,
      date: new Date(context.clock.now()),
    });
  } catch (error) {
    if (!(error instanceof RunStopped)) throw error;
    context.log.warn({ message: message.id, code: error.code }, 'the mail to one contact cannot be made');
    return undefined;
  }
}

function dataFor(config: RunConfig, message: ClaimedMessage, unsubscribeUrl: string) {
  return {
    contact: { name: message.name, email: message.email },
    campaign: config.campaign,
    topic: config.topic,
    unsubscribeUrl,
  };
}

function stopOnTrouble(channel: ChannelConfig, result: SendResult, troubles: number): void {
  if (result.scope !== 'server') return;
  if (result.reply.startsWith('5')) {
    throw badConfig(
      'SmtpRefused',
      `the mail server of channel ${channel.name} refuses us with ${result.reply}; check its credentials and sender`,
    );
  }
  if (troubles < maxTroubles) return;
  throw tryLater(
    'SmtpUnavailable',
    `the mail server of channel ${channel.name} failed ${troubles} times in a row, last with ${result.reply}`,
  );
}

function stopOnBounces(answers: { readonly accepted: number; readonly rejected: number }): void {
  const total = answers.accepted + answers.rejected;
  if (total < breaker.minAnswers || answers.rejected * 10_000 <= total * breaker.maxRejectedBp) return;
  throw new RunStopped(
    exitCodes.breaker,
    'BounceBreaker',
    `${answers.rejected} of ${total} addresses were refused, more than ${breaker.maxRejectedBp / 100} %: clean the list before the reputation of the sender suffers`,
  );
}
