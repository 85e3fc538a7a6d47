import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { type Kubectl, root } from './context.ts';

/** What the samples must be told of this machine. */
export interface SampleOptions {
  readonly folder: string;
  readonly stripeUrl: string;
  readonly stripeKey: string;
  readonly smtp: { readonly host: string; readonly port: number };
  /** People of the campaign. */
  readonly contacts: number;
  /** Changes of the samples, for example tenants with the limits of a trace's pools. */
  readonly patches: readonly object[];
  /** More objects, for example the pools of a trace. */
  readonly extras: readonly object[];
}

/** Every fourth contact of the demo has not consented and must get no mail. */
const CONSENT_EVERY = 4;

/** How many of the demo's contacts consented. */
export function consenting(contacts: number): number {
  return contacts - Math.floor(contacts / CONSENT_EVERY);
}

/**
 * Applies config/samples with an overlay: the peers of this machine instead of the placeholders, a window of telemetry that a
 * demonstration can wait for, and a campaign that really sends.
 */
export async function applySamples(kubectl: Kubectl, options: SampleOptions): Promise<void> {
  const place = join(options.folder, 'samples');
  await mkdir(place, { recursive: true });
  await kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(stripeSecret(options.stripeKey)) });
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [relative(place, join(root, 'config/samples')), ...(options.extras.length > 0 ? ['extras.yaml'] : [])],
    patches: [...patchesFor(options), ...options.patches].map((patch) => ({ patch: stringify(patch) })),
  };
  await writeFile(join(place, 'kustomization.yaml'), stringify(kustomization));
  await writeFile(join(place, 'extras.yaml'), options.extras.map((extra) => stringify(extra)).join('---\n'));
  await kubectl(['apply', '--server-side', '--force-conflicts', '-k', place]);
}

function patchesFor({ stripeUrl, smtp, contacts }: SampleOptions): readonly object[] {
  const apiVersion = 'gpuoptimizer.io/v1alpha1';
  return [
    { apiVersion, kind: 'BillingProvider', metadata: { name: 'stripe' }, spec: { endpoint: stripeUrl } },
    {
      apiVersion,
      kind: 'OptimizationPolicy',
      metadata: { name: 'idle-gpus', namespace: 'globex-infer' },
      spec: { idle: { windowSeconds: 60 }, telemetry: { maxStalenessSeconds: 30 } },
    },
    {
      apiVersion,
      kind: 'MessagingChannel',
      metadata: { name: 'news', namespace: 'growth' },
      spec: { smtp: { ...smtp, tls: 'Disabled', credentialsSecretName: null } },
    },
    {
      apiVersion,
      kind: 'GrowthCampaign',
      metadata: { name: 'welcome', namespace: 'growth' },
      spec: { run: { mode: 'Active' } },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'leads', namespace: 'growth' },
      stringData: { 'contacts.csv': contactsCsv(contacts) },
    },
  ];
}

function contactsCsv(contacts: number): string {
  const rows = Array.from({ length: contacts }, (_, at) => {
    const consent = (at + 1) % CONSENT_EVERY === 0 ? 'no' : 'yes';
    return `person${at + 1}@example.com,Person ${at + 1},${consent},2026-01-15T09:30:00Z,signup form`;
  });
  return `email,name,consent,consent_time,source\n${rows.join('\n')}\n`;
}

function stripeSecret(key: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'stripe', namespace: 'gpuopt-system' },
    stringData: { 'api-key': key },
  };
}
