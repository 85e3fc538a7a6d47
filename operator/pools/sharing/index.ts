/** @module How the GPUs of a node are shared, and the configurations in which NVIDIA's components read it. */
export { layoutsFile } from './layouts.ts';
export { pluginConfigs } from './plugin-configs.ts';
