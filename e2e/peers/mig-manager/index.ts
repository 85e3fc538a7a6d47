/** @module A peer of NVIDIA's mig-manager for nodes that KWOK plays. */
export { type MigManagerPeer, startMigManager } from './manager.ts';
