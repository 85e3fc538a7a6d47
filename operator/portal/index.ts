/** The tenants' HTTP API: usage, charges, invoices, plan, and the payment provider's pages. */
export { clusterAuthoriser } from './authorise.ts';
export { planEntitlement } from './entitlement.ts';
export { portalApi } from './portal-api.ts';
