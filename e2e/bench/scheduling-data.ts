import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { NodeFacts } from '../../operator/scheduling/planner/index.ts';
import { parseOpenbNodes, parseOpenbPods, type TracePod } from '../../operator/scheduling/simulate/index.ts';
import { BenchUsageError } from './command.ts';
import { median } from './numbers.ts';

const NODE_FILE = 'openb_node_list_gpu_node.csv';
const POD_FILE = /^openb_pod_list_(.+)\.csv$/;
const PUBLISHED_FILE = 'published-runs.csv.gz';

/** A folder of openb lists. */
export interface Data {
  readonly nodes: readonly NodeFacts[];
  /** Names of the pod lists, "default" first. */
  readonly lists: readonly string[];
  readonly pods: (list: string) => readonly TracePod[];
  /** FGD's published median in percent of the GPU capacity; undefined where the folder has no published run of a list. */
  readonly publishedFgd: (list: string, load: '1.0' | '1.3') => number | undefined;
}

/** Opens the folder, or a folder openb/ in it; throws BenchUsageError with what to give. */
export function openData(given: string | undefined): Data {
  const where = `Give a folder with ${NODE_FILE} and openb_pod_list_NAME.csv with --data DIR or in GPUOPT_BENCH_DATA;
they are published at https://github.com/hkust-adsl/kubernetes-scheduler-simulator, folder data/csv.`;
  if (given === undefined || given === '') throw new BenchUsageError(`no lists are given.\n${where}`);
  const folder = [given, join(given, 'openb')].find((each) => existsSync(join(each, NODE_FILE)));
  if (folder === undefined) throw new BenchUsageError(`"${given}" has no ${NODE_FILE}.\n${where}`);
  const lists = readdirSync(folder)
    .flatMap((file) => POD_FILE.exec(file)?.[1] ?? [])
    .sort((left, right) => Number(right === 'default') - Number(left === 'default') || (left < right ? -1 : 1));
  const published = readPublished(join(folder, PUBLISHED_FILE));
  return {
    nodes: parseOpenbNodes(readFileSync(join(folder, NODE_FILE), 'utf8'), NODE_FILE),
    lists,
    pods: (list) => {
      const file = join(folder, `openb_pod_list_${list}.csv`);
      if (!existsSync(file)) throw new BenchUsageError(`--lists: "${list}" is unknown; there are ${lists.join(', ')}`);
      return parseOpenbPods(readFileSync(file, 'utf8'), file);
    },
    publishedFgd: (list, load) => {
      const runs = published.filter((row) => row[0] === `openb_pod_list_${list}` && row[1] === 'FGD');
      return runs.length === 0 ? undefined : median(runs.map((row) => Number(row[load === '1.0' ? 6 : 7])));
    },
  };
}

/** Rows workload,policy,seed,alloc50,alloc90,alloc95,alloc100,alloc130; none where there is no such file. */
function readPublished(file: string): readonly (readonly string[])[] {
  if (!existsSync(file)) return [];
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  return lines.slice(1).map((line) => line.split(','));
}
