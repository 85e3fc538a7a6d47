import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { type Fault, faultAt, ofMail, ofRecipient, parseFaults } from './fault.ts';
import { type Journal, type JournalEntry, openJournal } from './journal.ts';

/** How the mail server is started. */
export interface SmtpPeerOptions {
  readonly host?: string;
  /** SMTP port; 0 takes a free one. */
  readonly port?: number;
  /** Port of the HTTP side; 0 takes a free one. */
  readonly httpPort?: number;
  /** File for the journal, one JSON line a mail. */
  readonly journal?: string;
  /** With it, only this user may send. */
  readonly auth?: { readonly username: string; readonly password: string };
  readonly faults?: readonly Fault[];
}

/** A running mail server. */
export interface SmtpPeer {
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  readonly messages: readonly JournalEntry[];
  setFaults(faults: readonly Fault[]): void;
  stop(): Promise<void>;
}

interface State {
  faults: readonly Fault[];
  recipients: number;
  mails: number;
  readonly journal: Journal;
}

/** Starts a real SMTP server that keeps every mail it takes, with an HTTP side: GET /_peer/messages, PUT /_peer/faults. */
export async function startSmtpPeer(options: SmtpPeerOptions = {}): Promise<SmtpPeer> {
  const host = options.host ?? '127.0.0.1';
  const state: State = { faults: options.faults ?? [], recipients: 0, mails: 0, journal: openJournal(options.journal) };
  const smtp = smtpServer(options, state);
  const smtpListener = smtp.listen(options.port ?? 0, host);
  await once(smtpListener, 'listening');
  const http = createServer((request, response) => {
    answer(state, request, response).catch((error: unknown) => {
      response.writeHead(400).end(error instanceof Error ? error.message : String(error));
    });
  });
  http.listen(options.httpPort ?? 0, host);
  await once(http, 'listening');
  return {
    host,
    port: portOf(smtpListener),
    httpPort: portOf(http),
    messages: state.journal.entries,
    setFaults: (faults) => reset(state, faults),
    stop: async () => {
      http.close();
      http.closeAllConnections();
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
    },
  };
}

function reset(state: State, faults: readonly Fault[]): void {
  state.faults = faults;
  state.recipients = 0;
  state.mails = 0;
}

function portOf(listener: { address(): unknown }): number {
  const address = listener.address() as { readonly port: number };
  return address.port;
}

function smtpServer(options: SmtpPeerOptions, state: State): SMTPServer {
  const { auth } = options;
  const server = new SMTPServer({
    authOptional: auth === undefined,
    allowInsecureAuth: true,
    disabledCommands: auth === undefined ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1_000,
    onAuth: (given, _session, done) => {
      if (given.username === auth?.username && given.password === auth?.password) return done(null, { user: 'sender' });
      return done(replyError(535, '5.7.8 authentication credentials invalid'));
    },
    onRcptTo: (_address, session, done) => {
      state.recipients += 1;
      const fault = faultAt(state.faults, state.recipients, ofRecipient);
      if (fault?.kind === 'drop-before-data') return drop(server, session);
      if (fault?.kind === 'reply') return done(replyError(fault.code, fault.text));
      return done();
    },
    onData: (stream, session, done) => {
      receive(server, state, stream, session).then(
        (error) => (error === 'dropped' ? undefined : done(error)),
        (error: Error) => done(error),
      );
    },
  });
  // Connections that the faults cut end here; the client is the one that must cope.
  server.on('error', () => undefined);
  return server;
}

async function receive(
  server: SMTPServer,
  state: State,
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
): Promise<Error | undefined | 'dropped'> {
  // Taken first: the session forgets its envelope when the client goes away.
  const { mailFrom, rcptTo } = session.envelope;
  const parsed = await simpleParser(stream);
  state.mails += 1;
  const n = state.mails;
  const slow = faultAt(state.faults, n, (fault) => fault.kind === 'delay');
  if (slow?.kind === 'delay') await delay(slow.millis);
  const fault = faultAt(state.faults, n, ofMail);
  if (fault?.kind === 'reply') return replyError(fault.code, fault.text);
  const headers = Object.fromEntries(
    parsed.headerLines.map(({ key, line }) => [key, line.slice(key.length + 1).trim()]),
  );
  const dropped = fault?.kind === 'drop-after-data';
  state.journal.add({
    n,
    envelope: { from: mailFrom ? mailFrom.address : '', to: rcptTo.map((recipient) => recipient.address) },
    messageId: parsed.messageId ?? '',
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    headers,
    acknowledged: !dropped,
    receivedAt: new Date().toISOString(),
  });
  if (!dropped) return undefined;
  drop(server, session);
  return 'dropped';
}

/** Ends the connection of a session without a word. */
function drop(server: SMTPServer, session: SMTPServerSession): void {
  for (const connection of server.connections as Set<{ readonly id: string; readonly _socket?: { destroy(): void } }>) {
    if (connection.id === session.id) connection._socket?.destroy();
  }
}

function replyError(code: number, text = 'told to refuse'): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/';
  if (request.method === 'GET' && path === '/_peer/messages') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(state.journal.entries));
    return;
  }
  if (request.method === 'PUT' && path === '/_peer/faults') {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    reset(state, parseFaults(JSON.parse(Buffer.concat(chunks).toString())));
    response.writeHead(204).end();
    return;
  }
  response.writeHead(404).end();
}
