/** Labels of a node. */
export type NodeLabels = Readonly<Record<string, string>>;

/** Prefix of MIG devices under the strategy `mixed`: `nvidia.com/mig-1g.10gb`. */
export const MIG_RESOURCE_PREFIX = 'nvidia.com/mig-';
/** The product as GPU Feature Discovery names it, with `-SHARED` where devices are shared and not renamed. */
export const productLabel = 'nvidia.com/gpu.product';
/** How many replicas a shared device has; 1 or absent when it is not shared. */
export const replicasLabel = 'nvidia.com/gpu.replicas';
/** Appended to the product by GPU Feature Discovery when devices are shared. */
export const SHARED_SUFFIX = '-SHARED';
/** The tenant of what nobody claims: metered, never billed. */
export const unassigned = '_unassigned';
/** Keeps a pod listed until the end of its intervals is stored; written by the admission policy that gates pods. */
export const meteringFinalizer = 'gpuoptimizer.io/metering';
