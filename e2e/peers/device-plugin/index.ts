/** @module A peer of NVIDIA's device plugin and GPU Feature Discovery for nodes that KWOK plays. */
export { HARDWARE_ANNOTATION, hardwareText } from './hardware.ts';
export { deployLabels } from './operands.ts';
export { type DevicePluginPeer, startDevicePlugin } from './plugin.ts';
