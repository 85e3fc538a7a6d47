import { once } from 'node:events';
import { createServer } from 'node:net';

import { type Cell, type Recovery, stepMillis } from './cell.ts';
import type { Verdict } from './judge.ts';
import { describe, type Subject, SubjectFailed } from './process.ts';
import type { Halt } from './protocol.ts';

const hourMillis = 3_600_000;
const workMillis = 3 * hourMillis;
/** The peer tries again after 5 minutes, 30 more, and 2 hours more. */
const redeliveryMillis = 3 * hourMillis;

/** A process is killed with a webhook in its hands; in the end every invoice of the peer is known as it stands there. */
export async function runWebhook(cell: Cell, halt: Halt, recovery: Recovery): Promise<Verdict> {
  const begin = cell.time.now();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/webhooks`;
  const types = ['invoice.created', 'invoice.finalized', 'invoice.paid', 'invoice.updated'];
  const events = Object.fromEntries(types.map((type, at) => [`enabled_events[${at}]`, type]));
  const { secret } = await cell.provider.call('webhook_endpoints', { url, ...events });
  const listen = async (subject: Subject): Promise<void> => {
    const outcome = await subject.ask({ kind: 'listen', port, secret: String(secret) });
    if (outcome.kind !== 'ready') throw new SubjectFailed(`the process does not listen: ${describe(outcome)}`);
  };
  const first = await cell.start('prepare');
  const standby = recovery === 'replica' ? await cell.start() : undefined;
  await listen(first);
  await cell.runUntil(first, begin + workMillis);
  await killWithWebhook(cell, first, halt);
  cell.pause(recovery);
  const next = standby ?? (await cell.start());
  await listen(next);
  const later = cell.time.now() + redeliveryMillis;
  while (cell.time.now() < later) {
    await cell.provider.sendWebhooks();
    await cell.step(next);
  }
  const verdict = await cell.finish(next);
  return { ...verdict, violations: [...verdict.violations, ...(await unmirrored(cell))] };
}

/** An invoice is made and closed. The process dies when it is told of it, or when it works on what it was told. */
async function killWithWebhook(cell: Cell, first: Subject, halt: Halt): Promise<void> {
  const make = async (): Promise<void> => {
    const { id } = await cell.provider.call('invoices', { customer: 'cus_0' });
    await cell.provider.call(`invoices/${String(id)}/finalize`, {});
    await cell.provider.sendWebhooks();
  };
  if (halt.point.startsWith('hook:')) {
    cell.time.advance(stepMillis);
    first.send(cell.command(halt));
    const armed = await first.outcome();
    if (armed.kind !== 'done') throw new SubjectFailed(`a step was not done: ${describe(armed)}`);
    cell.note(armed.step);
    await make();
  } else {
    await make();
    cell.time.advance(stepMillis);
    first.send(cell.command(halt));
  }
  const outcome = await first.outcome();
  if (outcome.kind !== 'died') throw new SubjectFailed(`expected the end at ${halt.point}, found ${describe(outcome)}`);
}

async function unmirrored(cell: Cell): Promise<readonly string[]> {
  const { invoices } = await cell.provider.truth();
  const known = new Set(cell.invoices);
  if (invoices.length === 0) return ['the peer has no invoice: the cell proves nothing'];
  return invoices
    .map(({ id, status, total }) => `${id} ${status} ${total}`)
    .filter((invoice) => !known.has(invoice))
    .map((invoice) => `the invoice ${invoice} is not known as it stands at the peer: ${cell.invoices.join(', ')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
