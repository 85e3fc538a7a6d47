import type { Root } from '../model.ts';
import { checkBounds } from './bounds.ts';
import { checkColumns } from './columns.ts';
import { checkDefault } from './defaults.ts';
import { checkNames, checkReports } from './names.ts';
import { checkRules } from './rules.ts';
import { checkVersions } from './versions.ts';
import { type Step, walk } from './walk.ts';

const ofTypes: readonly ((step: Step) => void)[] = [checkBounds, checkDefault];

/** What belongs to the API server and is not ours to describe. */
const FOREIGN = /^\.(apiVersion|kind|metadata)\b/;

/** Refuses what the API server or the conventions would refuse, at the place where it is written. */
export function check(roots: readonly Root[]): void {
  checkNames(roots);
  checkVersions(roots);
  checkReports(roots);
  for (const root of roots) {
    for (const step of walk(root.object)) {
      if (!FOREIGN.test(step.path)) for (const one of ofTypes) one(step);
    }
    checkColumns(root);
    checkRules(root);
  }
}
