import type { Shortage } from './room.ts';
import { type GpuDemand, type Member, MILLI_PER_GPU, type Quota, WHOLE_GPU } from './types.ts';

/** "1 GPU", "3 GPUs", "0.25 GPU". */
export function gpuAmount(milli: number): string {
  const gpus = milli / MILLI_PER_GPU;
  const text = Number.isInteger(gpus) ? String(gpus) : gpus.toFixed(3).replace(/0+$/, '');
  return `${text} ${gpus > 1 || gpus === 0 ? 'GPUs' : 'GPU'}`;
}

/** What a pod asks for in words: "8 GPUs, 32 CPU and 256 GiB". */
export function memberWords(member: Member | undefined): string {
  if (member === undefined) return 'nothing';
  const gpus = member.gpus.map(demandWords);
  return [...gpus, `${member.cpuMilli / 1000} CPU and ${Math.round((member.memoryMiB / 1024) * 10) / 10} GiB`].join(
    ', ',
  );
}

function demandWords(gpu: GpuDemand): string {
  if (gpu.kind === 'share') return gpuAmount(gpu.milli);
  if (gpu.resource === WHOLE_GPU) return gpuAmount(gpu.count * MILLI_PER_GPU);
  return `${gpu.count} ${gpu.resource}`;
}

/** "it needs 8 GPUs; free on the nodes it may use: 5 GPUs". */
export function shortageWords({ what, unit, need, have }: Shortage): string {
  const where = 'free on the nodes it may use:';
  if (unit === 'gpu-milli') return `it needs ${gpuAmount(need)}; ${where} ${gpuAmount(have)}`;
  if (unit === 'cpu-milli') return `it needs ${need / 1000} CPU; ${where} ${have / 1000}`;
  if (unit === 'memory-mib') {
    return `it needs ${Math.ceil(need / 1024)} GiB of memory; ${where} ${Math.floor(have / 1024)} GiB`;
  }
  return `it needs ${need} ${what}; ${where} ${have}`;
}

/** "only 5 GPUs are free on the nodes it may use": the same shortage after another sentence has said what is needed. */
export function freeWords({ what, unit, have }: Shortage): string {
  const where = 'free on the nodes it may use';
  if (unit === 'gpu-milli')
    return have === 0
      ? `no GPU is ${where}`
      : `only ${gpuAmount(have)} ${have > MILLI_PER_GPU ? 'are' : 'is'} ${where}`;
  if (unit === 'cpu-milli') return `only ${have / 1000} CPU are ${where}`;
  if (unit === 'memory-mib') return `only ${Math.floor(have / 1024)} GiB of memory are ${where}`;
  return have === 0 ? `no ${what} is ${where}` : `only ${have} ${what} are ${where}`;
}

/** "has 1 GPU left of its limit of 4 GPUs in pool main (3 GPUs in use)", and the like where not its limit stops it. */
export function leftWords(quota: Quota | undefined, haveMilli: number, usedMilli: number): string {
  const where = whereWords(quota);
  const have = gpuAmount(haveMilli);
  const used = `(${gpuAmount(usedMilli)} in use)`;
  if (quota?.bound === 'guarantee') {
    return `may not borrow${where}: it has ${have} left of the guaranteed ${gpuAmount(quota.limitMilli)} ${used}`;
  }
  if (quota?.bound === 'lending') {
    return `can borrow ${have} more${where}; other tenants keep to themselves what else is idle ${used}`;
  }
  return `has ${have} left of its limit of ${gpuAmount(quota?.limitMilli ?? 0)}${where} ${used}`;
}

/** "the limit of tenant acme in pool main raised by 1 GPU", and the like where not its limit stops it. */
export function raiseWords(quota: Quota, milli: number): string {
  const where = whereWords(quota);
  const amount = gpuAmount(milli);
  if (quota.bound === 'lending') return `other tenants lending ${amount} more${where}`;
  const what = quota.bound === 'guarantee' ? 'guarantee' : 'limit';
  return `the ${what} of tenant ${quota.tenant}${where} raised by ${amount}`;
}

function whereWords(quota: Quota | undefined): string {
  return quota?.pool === undefined ? '' : ` in pool ${quota.pool}`;
}
