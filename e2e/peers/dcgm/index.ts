/** dcgm-exporter for a fleet of fake GPUs: its names, help texts and labels, from a model of load. */
export { clusterReader } from './cluster-reader.ts';
export type { FaultMode } from './faults.ts';
export { type DcgmPeer, type DcgmPeerOptions, startDcgmPeer } from './server.ts';
export type { Load, NodeFacts, PodFacts, World } from './world.ts';
