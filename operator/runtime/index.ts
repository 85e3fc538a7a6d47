/** A controller-runtime for TypeScript. It knows no GPU. */
export { controller, type StatusOf, singleton } from './controller/builder.ts';
export * from './types.ts';
