import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { ChannelConfig } from '../run/config.ts';
import type { Mail } from './compose.ts';

/** Username and password of a mail server. */
export interface SmtpCredentials {
  readonly user: string;
  readonly pass: string;
}

/**
 * What the server did with a mail. `deferred` surely did not arrive, `unknown` may have.
 * `scope` says whether the trouble is with this mail or with the whole server.
 */
export interface SendResult {
  readonly state: 'accepted' | 'deferred' | 'rejected' | 'unknown';
  /** Reply code and enhanced code, or nodemailer's error code; never the server's text, which may name the person. */
  readonly reply: string;
  readonly scope: 'message' | 'server';
  readonly hardBounce: boolean;
}

/** A connection to a mail server that is opened at first need and again after trouble. */
export interface Mailer {
  send(mail: Mail): Promise<SendResult>;
  close(): void;
}

interface SmtpFailure {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly command?: string;
}

/** A mailer over SMTP; connecting, greeting and silence are bounded in time (10, 10 and 30 s). */
export function smtpMailer(channel: ChannelConfig, credentials: SmtpCredentials | undefined): Mailer {
  let connection: SMTPConnection | undefined;
  const drop = (): void => {
    connection?.close();
    connection = undefined;
  };
  return {
    send: async (mail) => {
      let bodyStarted = false;
      try {
        connection ??= await connect(channel, credentials);
        const response = await deliver(connection, mail, () => {
          bodyStarted = true;
        });
        return { state: 'accepted', reply: replyOf(response), scope: 'message', hardBounce: false };
      } catch (error) {
        drop();
        return classify(error as SmtpFailure, bodyStarted);
      }
    },
    close: () => {
      connection?.quit();
      connection = undefined;
    },
  };
}

function connect(channel: ChannelConfig, credentials: SmtpCredentials | undefined): Promise<SMTPConnection> {
  const connection = new SMTPConnection({
    host: channel.host,
    port: channel.port,
    secure: channel.tls === 'Required' && channel.port === 465,
    requireTLS: channel.tls === 'Required' && channel.port !== 465,
    ignoreTLS: channel.tls === 'Disabled',
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    dnsTimeout: 10_000,
    tls: { minVersion: 'TLSv1.2' },
  });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      connection.close();
      reject(error);
    };
    connection.on('error', fail);
    connection.connect((error) => {
      if (error) return fail(error);
      if (!credentials) return resolve(connection);
      connection.login({ user: credentials.user, pass: credentials.pass }, (loginError) =>
        loginError ? fail(loginError) : resolve(connection),
      );
    });
  });
}

function deliver(connection: SMTPConnection, mail: Mail, onBody: () => void): Promise<string> {
  // The stream is read only after the server's 354: whoever reads it knows that from here on the mail may arrive.
  const body = new Readable({
    read() {
      onBody();
      this.push(mail.raw);
      this.push(null);
    },
  });
  return new Promise((resolve, reject) => {
    connection.send(
      { from: mail.envelope.from, to: [mail.envelope.to], size: mail.raw.length },
      body,
      (error, info) => {
        if (error) return reject(error);
        resolve(info?.response ?? '250');
      },
    );
  });
}

/** An answer of the server decides; without one, a mail whose body was begun may have arrived. */
export function classify(error: SmtpFailure, bodyStarted: boolean): SendResult {
  const code = error.responseCode ?? 0;
  const reply = code > 0 ? replyOf(error.response ?? String(code)) : (error.code ?? 'ERROR');
  const ofMessage = error.command === 'RCPT TO' || error.command === 'DATA';
  if (code >= 500 && ofMessage) {
    return { state: 'rejected', reply, scope: 'message', hardBounce: isHardBounce(reply) };
  }
  if (code >= 400)
    return { state: 'deferred', reply, scope: ofMessage && code !== 421 ? 'message' : 'server', hardBounce: false };
  return { state: bodyStarted ? 'unknown' : 'deferred', reply, scope: 'server', hardBounce: false };
}

/** Reply code and enhanced status code of a reply, without its text. */
function replyOf(response: string): string {
  const [, code, enhanced] = /^(\d{3})[ -]?(\d\.\d{1,3}\.\d{1,3})?/.exec(response) ?? [];
  return [code ?? '000', enhanced].filter((part) => part !== undefined).join(' ');
}

const deadAddress = new Set(['5.1.0', '5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.4.4']);

/** Whether a reply says that the address will never work. */
function isHardBounce(reply: string): boolean {
  const [code, enhanced] = reply.split(' ');
  if (enhanced !== undefined) return deadAddress.has(enhanced);
  return code === '521' || code === '556';
}
