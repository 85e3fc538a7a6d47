/** A controller-runtime for TypeScript. It knows no GPU. */
export { Client } from './client/client.ts';
export { loadCluster } from './client/cluster.ts';
export { connect } from './client/connect.ts';
export * from './client/errors.ts';
export { controller, singleton } from './controller/builder.ts';
export { describePermissions } from './controller/permissions.ts';
export { type ControllerDescription, describe, type WatchDescription } from './describe.ts';
export { LeaseLost } from './leader/elector.ts';
export { createManager, type Manager, type ManagerOptions } from './manager.ts';
export { type PolicyRule, type RbacObject, rbac, runtimePermissions } from './rbac.ts';
export type { Check } from './server/http.ts';
export * from './types.ts';
export { type AdmissionRequest, mutating, validating } from './webhooks/admission.ts';
export { CertificateError } from './webhooks/certificates.ts';
export { conversion, type Spokes } from './webhooks/conversion.ts';
export { WebhookMetrics } from './webhooks/metrics.ts';
export { WebhookAddressError } from './webhooks/server.ts';
export type { Webhook } from './webhooks/webhook.ts';
