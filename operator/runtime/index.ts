/** A controller-runtime for TypeScript. It knows no GPU. */
export { Client } from './client/client.ts';
export {
  type Cluster,
  ClusterConfigError,
  type ClusterOptions,
  type Credentials,
  loadCluster,
} from './client/cluster.ts';
export { connect } from './client/connect.ts';
export * from './client/errors.ts';
export { controller, type StatusOf, singleton } from './controller/builder.ts';
export { describePermissions, Undeclared } from './controller/permissions.ts';
export { apiVersionOf, keyOf, keyText, kindId, parseKey } from './kinds.ts';
export { LeaseLost } from './leader/elector.ts';
export { createManager, type Manager, type ManagerOptions } from './manager.ts';
export { type PolicyRule, type RbacObject, type RbacOptions, rbac, runtimePermissions } from './rbac.ts';
export type { Check } from './server/http.ts';
export * from './types.ts';
