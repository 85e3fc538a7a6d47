import type { ControlSchema } from './control.ts';

/** Every table of the database; a domain adds its own file and its name here. */
export interface Schema extends ControlSchema {}
