/** Names of the NVIDIA contract that pools read: labels of GPU Feature Discovery and the GPU Operator, and resources. */

/** Prefix of every extended resource and label of NVIDIA. */
export const NVIDIA_PREFIX = 'nvidia.com/';
/** Whole GPUs, time-sliced ones that were not renamed, or MIG devices under the strategy `single`. */
export const GPU_RESOURCE = 'nvidia.com/gpu';
/** Time-sliced GPUs under `renameByDefault`. */
export const SHARED_GPU_RESOURCE = 'nvidia.com/gpu.shared';
/** Prefix of MIG devices under the strategy `mixed`: `nvidia.com/mig-1g.10gb`. */
export const MIG_RESOURCE_PREFIX = 'nvidia.com/mig-';

/** Label on every node of a pool: the pool's name. */
export const POOL_LABEL = 'gpuoptimizer.io/pool';
/** Taint on a node that its pool finds unfit for new pods. */
export const UNHEALTHY_TAINT = 'gpuoptimizer.io/unhealthy';
/** Annotation of a node whose GPUs are being shared anew: the whole state of the change, so that any process resumes it. */
export const OPERATION_ANNOTATION = 'gpuoptimizer.io/reconfigure';

/** Labels that GPU Feature Discovery and the GPU Operator write on nodes. */
export const label = {
  product: 'nvidia.com/gpu.product',
  count: 'nvidia.com/gpu.count',
  replicas: 'nvidia.com/gpu.replicas',
  sharingStrategy: 'nvidia.com/gpu.sharing-strategy',
  memory: 'nvidia.com/gpu.memory',
  migStrategy: 'nvidia.com/mig.strategy',
  migCapable: 'nvidia.com/mig.capable',
  migConfig: 'nvidia.com/mig.config',
  migState: 'nvidia.com/mig.config.state',
  pluginConfig: 'nvidia.com/device-plugin.config',
  driverUpgradeState: 'nvidia.com/gpu-driver-upgrade-state',
  deployDevicePlugin: 'nvidia.com/gpu.deploy.device-plugin',
  deployDraDriver: 'nvidia.com/gpu.deploy.dra-driver',
} as const;
