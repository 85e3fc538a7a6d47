import { createHash } from 'node:crypto';

import type { Evidence, OptimizationRecommendationSpec, Predicted, PriceList, TargetRef } from '../../api/index.ts';
import { gpuSecondsPerMonth, worth } from '../money/worth.ts';
import type { IdlePod } from './idle-pod.ts';
import { idleSentence } from './sentence.ts';
import type { Settings } from './settings.ts';

/** One proposal for one workload, under the name that its content gives it. */
export interface Proposal {
  readonly name: string;
  readonly spec: OptimizationRecommendationSpec;
  /** A pod of the workload, to tell on. */
  readonly pod: { readonly name: string; readonly uid: string };
}

/** Proposes to give back the GPUs of a workload all of whose GPU pods are idle. */
export function propose(
  policy: string,
  pods: readonly [IdlePod, ...IdlePod[]],
  settings: Settings,
  queries: readonly string[],
): Proposal {
  const { workload, model, pod, migProfile } = pods[0].target;
  const devices = pods.reduce((sum, { target }) => sum + target.devices, 0);
  const unit = migProfile === undefined ? model : `${model} MIG ${migProfile}`;
  const predicted = predict(pods, settings.prices);
  const evidence = evidenceOf(pods, settings, queries);
  const current = `${devices} × ${unit || 'GPU'} held by ${pods.length} ${pods.length === 1 ? 'pod' : 'pods'}, not used`;
  const proposed = remedyFor(workload);
  const stated = { targetRef: workload, lever: 'Idle', current, proposed, predicted } as const;
  return {
    name: nameOf(workload, hashOf(stated)),
    pod: { name: pod.name, uid: pod.uid },
    spec: {
      policyRef: { name: policy },
      ...stated,
      evidence,
      reason: idleSentence({ workload, devices, unit, pods, settings, predicted, proposed }),
    },
  };
}

/** What ends the waste, in the words of the workload's kind. */
export function remedyFor({ kind, name }: TargetRef): string {
  if (kind === 'Job') return `suspend or end Job ${name}`;
  if (kind === 'Pod') return `delete Pod ${name}`;
  if (kind === 'StatefulSet' || kind === 'ReplicaSet' || kind === 'Deployment') return `scale ${kind} ${name} to zero`;
  return `stop ${kind} ${name}`;
}

function predict(pods: readonly IdlePod[], prices: PriceList | undefined): Predicted {
  const rows = pods.map(({ target }) => ({ target, seconds: gpuSecondsPerMonth(target.devices, target.share) }));
  const total = rows.reduce((sum, { seconds }) => sum + seconds, 0n);
  const gpuSeconds = { gpuSecondsPerMonth: total.toString() };
  const price = prices?.gpuHours.find(({ model }) => model === pods[0]?.target.model);
  // Without a price of its model a pod's worth is unknown, and a partial sum would read as the whole.
  const oneModel = rows.every(({ target }) => target.model === price?.model);
  if (prices === undefined || price === undefined || !oneModel) return gpuSeconds;
  return { ...gpuSeconds, moneyPerMonth: worth(total, price.perHour), currency: prices.currency };
}

function evidenceOf(pods: readonly IdlePod[], settings: Settings, queries: readonly string[]): Evidence {
  const seen = pods.map((pod) => pod.seen);
  const power = seen.flatMap((one) => one.power ?? []);
  return {
    queries: [...queries],
    windowSeconds: settings.windowSeconds,
    samples: seen.reduce((sum, { samples }) => sum + samples, 0),
    coveragePercent: Math.min(...seen.map(({ coveragePercent }) => coveragePercent)),
    observations: [
      observation('activity-max', 100 * Math.max(...seen.map(({ activity }) => activity)), 'percent', 3),
      observation('activity-threshold', settings.belowPercent, 'percent', 0),
      ...(power.length === 0
        ? []
        : [
            observation('power-max', Math.max(...power.map(({ watts }) => watts)), 'watt', 1),
            observation('power-idle-with-context', Math.max(...power.map(({ idleWatts }) => idleWatts)), 'watt', 1),
          ]),
    ],
  };
}

function observation(name: string, value: number, unit: string, digits: number) {
  return { name, value: value.toFixed(digits), unit };
}

/** Equal proposals have equal hashes; the evidence, which differs at every look, is left out. */
function hashOf(stated: Omit<OptimizationRecommendationSpec, 'policyRef' | 'evidence' | 'reason'>): string {
  const { targetRef, lever, current, proposed, predicted } = stated;
  const parts = [
    targetRef.uid,
    lever,
    current,
    proposed,
    predicted.gpuSecondsPerMonth,
    predicted.moneyPerMonth ?? '',
    predicted.currency ?? '',
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 10);
}

/** kind-name-lever-hash, cut so that it stays a valid name of at most 253 characters. */
function nameOf({ kind, name }: TargetRef, hash: string): string {
  const stem = `${kind.toLowerCase()}-${name}`.slice(0, 200).replace(/[^a-z0-9]+$/, '');
  return `${stem}-idle-${hash}`;
}
