/** @module NVIDIA's DRA driver: devices by node, what claims hold and ask for, and who may allocate. */
export { type HeldDevice, heldDevices } from './allocations.ts';
export { combinations } from './combinations.ts';
export { type DraDevice, type DraNode, readDraNodes } from './devices.ts';
export {
  ALLOCATOR_TAINT,
  DRA_DRIVER,
  GPU_CLASS,
  MIG_CLASS,
  profileOf,
  SHAPE_LABEL,
  shapeLabel,
} from './names.ts';
export { type ClaimReading, type ClaimWay, type DeviceAsk, readRequests } from './requests.ts';
