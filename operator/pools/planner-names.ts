/**
 * The scheduling gate that holds a pod until it has a place, and the label on a pod that was released to one. They are the
 * names of the room `scheduling`, which this room may not import; the admission policies in config/policies hold them too.
 */
export const PLAN = 'gpuoptimizer.io/plan';
