import { DRIVER } from './slices.ts';
import type { DeviceClass } from './wire.ts';

const selecting = (type: string) => ({
  cel: { expression: `device.driver == '${DRIVER}' && device.attributes['${DRIVER}'].type == '${type}'` },
});

function deviceClass(name: string, type: string, extendedResourceName?: string): DeviceClass {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'DeviceClass',
    metadata: { name, labels: { 'gpuoptimizer.io/peer': 'dra-driver' } },
    spec: { selectors: [selecting(type)], extendedResourceName },
  };
}

/** The DeviceClasses that NVIDIA's GPU Operator installs for GPUs; whole ones also under an extended resource if asked for. */
export function deviceClasses(extendedResource?: string): readonly DeviceClass[] {
  return [
    deviceClass('gpu.nvidia.com', 'gpu', extendedResource),
    deviceClass('mig.nvidia.com', 'mig'),
    deviceClass('vfio.gpu.nvidia.com', 'vfio'),
  ];
}
