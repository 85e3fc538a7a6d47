/** A peer that plays Stripe's API for meters, with memory. */
export { type PeerOptions, type StripePeer, startStripePeer } from './server.ts';
