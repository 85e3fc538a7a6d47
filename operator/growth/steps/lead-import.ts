import { join } from 'node:path';
import { Readable } from 'node:stream';
import { mounts } from '../run/config.ts';
import type { Counts } from '../run/contract.ts';
import { readContacts, refusedCounts } from './contact-csv.ts';
import { readMounted } from './mounted.ts';
import type { StepContext } from './step.ts';

/** Brings the contacts of the mounted CSV into the store; repeated, it brings nobody twice. */
export async function leadImport(step: { readonly name: string }, context: StepContext): Promise<Counts> {
  const { config, store, fence, signal } = context;
  const csv = await readMounted(
    join(context.mountRoot, mounts.csv(step.name)),
    `the Secret key named by csvSecretRef of step ${step.name}`,
  );
  const settings = { topic: config.topic, now: new Date(context.clock.now()) };
  const result = await readContacts(Readable.from([csv]), settings, (rows) =>
    store.importContacts(fence, step.name, rows, signal),
  );
  const counted = await store.countStep(fence, step.name, signal);
  return { imported: 0, ...counted, ...refusedCounts(result) };
}
