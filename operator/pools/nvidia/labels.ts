/** Names of the NVIDIA contract that pools read: labels of GPU Feature Discovery and the GPU Operator, and resources. */

/** Prefix of every extended resource and label of NVIDIA. */
export const NVIDIA_PREFIX = 'nvidia.com/';
/** Whole GPUs, time-sliced ones that were not renamed, or MIG devices under the strategy `single`. */
export const GPU_RESOURCE = 'nvidia.com/gpu';
/** Time-sliced GPUs under `renameByDefault`. */
export const SHARED_GPU_RESOURCE = 'nvidia.com/gpu.shared';
/** Prefix of MIG devices under the strategy `mixed`: `nvidia.com/mig-1g.10gb`. */
export const MIG_RESOURCE_PREFIX = 'nvidia.com/mig-';

/** Labels that GPU Feature Discovery and the GPU Operator write on nodes. */
export const label = {
  product: 'nvidia.com/gpu.product',
  count: 'nvidia.com/gpu.count',
  replicas: 'nvidia.com/gpu.replicas',
  sharingStrategy: 'nvidia.com/gpu.sharing-strategy',
  memory: 'nvidia.com/gpu.memory',
  migStrategy: 'nvidia.com/mig.strategy',
  migState: 'nvidia.com/mig.config.state',
  driverUpgradeState: 'nvidia.com/gpu-driver-upgrade-state',
  deployDevicePlugin: 'nvidia.com/gpu.deploy.device-plugin',
  deployDraDriver: 'nvidia.com/gpu.deploy.dra-driver',
} as const;
