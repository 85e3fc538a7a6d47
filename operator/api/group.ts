/** The API group of every custom resource of this project. */
export const group = 'gpuoptimizer.io';
