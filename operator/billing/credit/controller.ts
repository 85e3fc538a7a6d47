/** Posts what tenants are granted, once, and lets it fall with what they use. */
import { type CreditGrant, kinds, type Tenant } from '../../api/index.ts';
import { type Controller, controller, type Key, type Reader, singleton } from '../../runtime/index.ts';
import type { Store } from '../../store/index.ts';
import { isOf, postGrant } from './grant.ts';
import { posted, refused } from './report.ts';
import { settleCredits } from './settle.ts';

/** The controller of CreditGrants. What was posted stands when the object is gone. */
export function creditGrantController(store: Store): Controller {
  return controller(kinds.CreditGrant)
    .watches(kinds.Tenant, grantsOf)
    .every('1m')
    .reconcile(async (grant, ctx) => {
      const { tenantRef } = grant.spec;
      if (ctx.get(kinds.Tenant, tenantRef) === undefined) {
        const message = `there is no Tenant ${tenantRef.name}; create it or correct spec.tenantRef`;
        return { status: refused('TenantMissing', message) };
      }
      const now = ctx.now().getTime();
      const lot = await postGrant(store, grant, now);
      if (isOf(grant, lot)) return { status: posted(lot, now) };
      return { status: refused('NameTaken', takenMessage(grant)) };
    });
}

/** The controller that lets credit fall; also that of grants whose objects are gone. */
export function creditsController(store: Store): Controller {
  return singleton('credits')
    .watches(kinds.CreditGrant)
    .debounce('1s')
    .every('1m')
    .reconcile(async (ctx) => {
      await settleCredits(store, ctx.now().getTime());
      return {};
    });
}

function takenMessage({ metadata: { name } }: CreditGrant): string {
  return `a grant ${name} was posted before, and said something else; use another name`;
}

function grantsOf(tenant: Tenant, reader: Reader): readonly Key[] {
  return reader
    .list(kinds.CreditGrant)
    .filter(({ spec }) => spec.tenantRef.name === tenant.metadata.name)
    .map(({ metadata }) => ({ name: metadata.name }));
}
