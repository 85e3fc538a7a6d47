/** Keeps the namespaces of each tenant labelled, and reports what they hold. */
import { kinds, type Tenant } from '../../api/index.ts';
import { Namespace, Node, Pod, ResourceClaim, ResourceSlice, seconds } from '../../kube/index.ts';
import { type Context, type Controller, controller, type Key, type Reader } from '../../runtime/index.ts';
import { holdingChanged } from '../wakes.ts';
import { decide } from './decide.ts';
import { createTenantOf, selects } from './match.ts';
import { observe } from './observe.ts';
import { report } from './report.ts';
import { labelled, TENANT_FINALIZER, TENANT_LABEL, unlabelled } from './resources.ts';

/** The controller of Tenants. */
export function tenantController(): Controller {
  return controller(kinds.Tenant)
    .watches(Namespace, claimants)
    .watches(kinds.Tenant, everyTenant, { when: claimsChanged })
    .watches(Pod, ownerOfHolder, { when: holdingChanged })
    .watches(ResourceClaim, ownerOfHolder)
    .reads(Node)
    .reads(ResourceSlice)
    .may({
      group: '',
      resource: 'namespaces',
      verbs: ['patch'],
      in: 'cluster',
      why: 'labels the namespaces of a tenant, so that the admission policies see them',
    })
    .debounce('1s')
    .every('10m')
    .finalizer(TENANT_FINALIZER, forget)
    .reconcile(async (tenant, ctx) => {
      const facts = observe(tenant, ctx);
      const plan = decide(facts);
      for (const { name, uid } of plan.mark) await ctx.patch(Namespace, { name, uid }, labelled(facts.tenant));
      for (const { name, uid } of plan.unmark) await ctx.patch(Namespace, { name, uid }, unlabelled());
      return { status: report(facts, plan), after: seconds(600) };
    });
}

/** Takes the tenant's labels off its namespaces; those that another tenant claims are relabelled by that one. */
async function forget(tenant: Tenant, ctx: Context): Promise<void> {
  const mine = ctx
    .list(Namespace)
    .filter(({ metadata }) => metadata.labels?.[TENANT_LABEL] === tenant.metadata.name)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const others = createTenantOf(ctx.list(kinds.Tenant).filter((other) => other.metadata.uid !== tenant.metadata.uid));
  for (const { metadata } of mine) {
    const name = metadata.name ?? '';
    const heir = others(name);
    const body = heir === undefined ? unlabelled() : labelled(heir);
    await ctx.patch(Namespace, { name, uid: metadata.uid }, body);
  }
}

function claimants(namespace: Namespace, reader: Reader): readonly Key[] {
  const name = namespace.metadata.name ?? '';
  return reader
    .list(kinds.Tenant)
    .filter((tenant) => selects(tenant, name) || namespace.metadata.labels?.[TENANT_LABEL] === tenant.metadata.name)
    .map((tenant) => ({ name: tenant.metadata.name }));
}

function everyTenant(_changed: Tenant, reader: Reader): readonly Key[] {
  return reader.list(kinds.Tenant).map((tenant) => ({ name: tenant.metadata.name }));
}

function claimsChanged(now: Tenant, before: Tenant): boolean {
  return (
    now.metadata.generation !== before.metadata.generation ||
    now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp
  );
}

function ownerOfHolder({ metadata }: Pod | ResourceClaim, reader: Reader): readonly Key[] {
  const owner = createTenantOf(reader.list(kinds.Tenant))(metadata.namespace ?? '');
  return owner === undefined ? [] : [{ name: owner }];
}
