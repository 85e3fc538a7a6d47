import { setTimeout as delay } from 'node:timers/promises';
import type { WorkloadItem } from '../fleet/workload.ts';
import type { Kubectl } from './context.ts';
import { type ClusterFacts, clusterFacts } from './facts.ts';
import { heading, row } from './table.ts';

/** How a workload is played. */
export interface PlayOptions {
  readonly items: readonly WorkloadItem[];
  readonly namespaces: readonly string[];
  /** Seconds to go on looking after the last arrival. */
  readonly tailSeconds: number;
  readonly everySeconds: number;
  readonly say: (line: string) => void;
}

/** Submits each object at its time and prints a row of the live table every few seconds. */
export async function playWorkload(kubectl: Kubectl, options: PlayOptions): Promise<ClusterFacts> {
  const begin = Date.now();
  const items = [...options.items].sort((a, b) => a.at - b.at);
  const end = (items.at(-1)?.at ?? 0) + options.tailSeconds;
  let submitted = 0;
  let created = 0;
  let nextRow = 0;
  options.say(heading());
  for (;;) {
    const seconds = (Date.now() - begin) / 1000;
    const due = items.slice(submitted).filter((item) => item.at <= seconds);
    if (due.length > 0) await submit(kubectl, due);
    submitted += due.length;
    created += due.reduce((sum, item) => sum + item.pods, 0);
    if (seconds >= nextRow) {
      const facts = await clusterFacts(kubectl, options.namespaces);
      options.say(row({ seconds: Math.round(seconds), created, facts }));
      nextRow = seconds + options.everySeconds;
    }
    if (seconds > end) return await clusterFacts(kubectl, options.namespaces);
    await delay(1000);
  }
}

async function submit(kubectl: Kubectl, items: readonly WorkloadItem[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: items.map((item) => item.object) };
  await kubectl(['apply', '--server-side', '--field-manager=demo', '-f', '-'], { input: JSON.stringify(list) });
}
