/** Names of NVIDIA's DRA driver, and what claims ask for under names of ours. */

/** NVIDIA's driver of GPUs; its whole GPUs, MIG devices and passed-through GPUs differ by attribute only. */
export const DRA_DRIVER = 'gpu.nvidia.com';
/** NVIDIA's DeviceClass of MIG devices. */
export const MIG_CLASS = 'mig.nvidia.com';
/** NVIDIA's DeviceClass of whole GPUs; also what a claim for one counts as. */
export const GPU_CLASS = 'gpu.nvidia.com';
/** NVIDIA's DeviceClass of GPUs that are passed through. */
export const VFIO_CLASS = 'vfio.gpu.nvidia.com';
/** Label on a pod: the shape of GPU for which it gets a claim, `gpu` or a MIG profile. */
export const SHAPE_LABEL = 'gpuoptimizer.io/shape';
/** Key of the device taint that keeps kube-scheduler's allocator off devices that the planner hands out. */
export const ALLOCATOR_TAINT = 'gpuoptimizer.io/allocator';

/** The name under which devices of a type and profile are counted: `gpu.nvidia.com`, `mig.nvidia.com/1g.10gb`. */
export function shapeOf(type: string | undefined, profile: string | undefined): string {
  if (type === 'mig') return `${MIG_CLASS}/${profile ?? 'unknown'}`;
  return type === 'vfio' ? VFIO_CLASS : GPU_CLASS;
}

/** The MIG profile of a shape. */
export function profileOf(shape: string): string | undefined {
  return shape.startsWith(`${MIG_CLASS}/`) ? shape.slice(MIG_CLASS.length + 1) : undefined;
}

/** A shape as a label can hold it: `gpu`, `1g.10gb`, and `1g.10gb.me` for `1g.10gb+me`. */
export function shapeLabel(shape: string): string {
  return profileOf(shape)?.replace('+', '.') ?? 'gpu';
}

const part = /^gpu-(\d+)-mig-(.+)-(\d+)-(\d+)$/;
const whole = /^gpu-(?:vfio-)?(\d+)/;

/** The GPU (minor number) of a device and the memory slice at which a MIG device starts, by the driver's name of it. */
export function parseDeviceName(name: string): { readonly gpu: number; readonly start?: number } | undefined {
  const match = part.exec(name);
  if (match !== null) return { gpu: Number(match[1]), start: Number(match[4]) };
  const plain = whole.exec(name);
  return plain === null ? undefined : { gpu: Number(plain[1]) };
}
