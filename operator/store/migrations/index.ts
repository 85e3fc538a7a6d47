import type { Migration } from '../migration.ts';
import { control } from './0001-control.ts';

/** Every migration; a domain adds its file here. Names decide the order. */
export const migrations: readonly Migration[] = [control];
