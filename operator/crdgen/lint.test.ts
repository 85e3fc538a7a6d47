import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Crd, CrdVersion } from './crd.ts';
import { exceptions } from './lint/exceptions.ts';
import { crdRules, type Place, placeRules, placesOf, versionRules } from './lint/rules.ts';
import type { JsonSchema } from './schema.ts';

const folder = join(import.meta.dirname, '../../crds');
/** Below this the lint would be looking at nothing. */
const LEAST_PLACES = 200;

const crds = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
  .map((name) => parse(readFileSync(join(folder, name), 'utf8')) as Crd);
const versions = crds.flatMap(({ spec }) => spec.versions.map((version) => ({ kind: spec.names.kind, version })));
const places = versions.flatMap(({ kind, version }) =>
  [...placesOf(version)].map((place) => ({ ...place, at: `${kind}:${place.path}` })),
);

function findings(rule: string): { readonly at: string; readonly text: string }[] {
  const check = placeRules[rule];
  return places.flatMap((place) => {
    const text = check?.(place);
    return text === undefined ? [] : [{ at: place.at, text }];
  });
}

function isExcepted(rule: string, at: string): boolean {
  return exceptions.some((exception) => exception.rule === rule && exception.place === at);
}

describe('the definitions keep the API conventions', () => {
  it(`and are looked at in at least ${LEAST_PLACES} places`, () => {
    expect(versions.length).toBeGreaterThanOrEqual(8);
    expect(places.length).toBeGreaterThanOrEqual(LEAST_PLACES);
  });

  it.each(Object.keys(placeRules))('%s', (rule) => {
    expect(findings(rule).filter(({ at }) => !isExcepted(rule, at))).toEqual([]);
  });

  it.each(Object.entries(versionRules))('%s', (_rule, check) => {
    const verdicts = versions.map(({ kind, version }) => ({ kind, finding: check(version) }));
    expect(verdicts.filter(({ finding }) => finding !== undefined)).toEqual([]);
  });

  it.each(Object.entries(crdRules))('%s', (_rule, check) => {
    const verdicts = crds.map((crd) => ({ kind: crd.spec.names.kind, finding: check(crd) }));
    expect(verdicts.filter(({ finding }) => finding !== undefined)).toEqual([]);
  });

  it('and every exception is used and has a reason', () => {
    const unused = exceptions.filter(({ rule, place }) => !findings(rule).some(({ at }) => at === place));
    expect(unused).toEqual([]);
    expect(exceptions.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });
});

describe('each rule of the lint catches', () => {
  const sound = { description: 'x is a thing.', type: 'string', maxLength: 1 };
  const rows: readonly (readonly [string, Partial<Place>])[] = [
    ['commentstart', { schema: { type: 'string', maxLength: 1 } }],
    ['nophase', { name: 'phase' }],
    ['nobools', { schema: { type: 'boolean' } }],
    ['nofloats', { schema: { type: 'number' } }],
    ['nomaps', { schema: { type: 'object', additionalProperties: { type: 'string' } } }],
    ['nonullable', { schema: { ...sound, nullable: true } }],
    ['notimestamp', { name: 'creationTimestamp' }],
    ['nodurations', { schema: { ...sound, pattern: '^([0-9]+(ms|s|m|h))+$' } }],
    ['integers', { schema: { type: 'integer', format: 'int32', minimum: 0 } }],
    ['integers', { schema: { type: 'integer', format: 'int32', minimum: 0, maximum: 2 ** 32 } }],
    ['maxlength', { schema: { type: 'string' } }],
    ['maxlength', { schema: { type: 'array', items: sound } }],
    ['ssatags', { schema: { type: 'array', items: sound, maxItems: 1 } }],
    ['conflictingmarkers', { required: true, schema: { ...sound, default: 'a' } }],
    ['enums', { schema: { type: 'string', enum: ['dry-run'] } }],
    ['references', { name: 'poolRef', schema: sound }],
    ['references', { name: 'poolRefs', schema: sound }],
    ['patterns', { schema: { ...sound, pattern: '^(?!a)b' } }],
    ['timenames', { name: 'startedAt', schema: { type: 'string', format: 'date-time' } }],
  ];

  it.each(rows)('%s', (rule, broken) => {
    const good: Place = { path: 'spec.x', name: 'x', schema: sound, required: false };
    expect(placeRules[rule]?.(good)).toBeUndefined();
    expect(placeRules[rule]?.({ ...good, ...broken })).toBeTypeOf('string');
  });

  it('and no rule is without a row', () => {
    expect(Object.keys(placeRules).filter((rule) => !rows.some(([name]) => name === rule))).toEqual([]);
  });

  const crd = crds.find(({ spec }) => spec.names.kind === 'Tenant') as Crd;
  const version = crd.spec.versions[0] as CrdVersion;
  const status = version.schema.openAPIV3Schema.properties?.status ?? {};
  const withStatus = (change: JsonSchema): CrdVersion => ({
    ...version,
    schema: { openAPIV3Schema: { properties: { status: { ...status, ...change } } } },
  });
  const brokenVersions: readonly (readonly [string, CrdVersion])[] = [
    ['statussubresource', { ...version, subresources: {} }],
    ['statusoptional', withStatus({ required: ['conditions'] })],
    ['statusdefault', withStatus({ default: {} })],
    ['conditions', withStatus({ properties: { conditions: { type: 'array' } } })],
  ];
  const named = (names: Partial<Crd['spec']['names']>): Crd => ({
    ...crd,
    spec: { ...crd.spec, names: { ...crd.spec.names, ...names } },
  });
  const columns = version.additionalPrinterColumns ?? [];
  const shown = (list: typeof columns): Crd => ({
    ...crd,
    spec: { ...crd.spec, versions: [{ ...version, additionalPrinterColumns: list }] },
  });
  const brokenCrds: readonly (readonly [string, Crd])[] = [
    ['category', named({ categories: ['all'] })],
    ['kindname', named({ kind: 'Tenants' })],
    ['kindname', named({ kind: 'TenantController' })],
    ['columns', shown(columns.filter(({ name }) => name !== 'Reason'))],
    ['columns', shown(columns.filter(({ priority }) => priority !== 1))],
    ['conversion', { ...crd, spec: { ...crd.spec, conversion: { strategy: 'Webhook' } } }],
  ];

  it.each(brokenVersions)('%s', (rule, broken) => {
    expect(versionRules[rule]?.(version)).toBeUndefined();
    expect(versionRules[rule]?.(broken)).toBeTypeOf('string');
  });

  it.each(brokenCrds)('%s', (rule, broken) => {
    expect(crdRules[rule]?.(crd)).toBeUndefined();
    expect(crdRules[rule]?.(broken)).toBeTypeOf('string');
  });

  it('and no rule over versions and definitions is without a row', () => {
    const covered = new Set([...brokenVersions, ...brokenCrds].map(([rule]) => rule));
    expect([...Object.keys(versionRules), ...Object.keys(crdRules)].filter((rule) => !covered.has(rule))).toEqual([]);
  });
});
