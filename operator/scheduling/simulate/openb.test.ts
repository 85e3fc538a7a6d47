import { describe, expect, it } from 'vitest';
import { TraceError } from './errors.ts';
import { parseOpenbNodes, parseOpenbPods } from './openb.ts';

const NODE_HEAD = 'sn,cpu_milli,memory_mib,gpu,model';
const POD_HEAD =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';
const SHORT_HEAD = 'name,cpu_milli,memory_mib,num_gpu,gpu_milli';

describe('openb lists', () => {
  it('reads nodes', () => {
    expect(parseOpenbNodes(`${NODE_HEAD}\nn1,64000,262144,2,P100\n`, 'n.csv')).toMatchObject([
      {
        name: 'n1',
        cpuMilli: 64_000,
        memoryMiB: 262_144,
        model: 'P100',
        gpus: { count: 2, replicas: 1 },
        schedulable: true,
      },
    ]);
  });

  const pods: readonly (readonly [string, string, object])[] = [
    [
      'a whole GPU',
      `${POD_HEAD}\np,6000,12288,1,1000,,LS,Running,5,9,5`,
      { gpus: [{ kind: 'devices', count: 1 }], createdSeconds: 5, deletedSeconds: 9 },
    ],
    ['eight GPUs', `${SHORT_HEAD}\np,6000,12288,8,1000`, { gpus: [{ kind: 'devices', count: 8 }], where: undefined }],
    ['a share', `${POD_HEAD}\np,6000,12288,1,460,,LS,Running,0,9,0`, { gpus: [{ kind: 'share', milli: 460 }] }],
    ['no GPU', `${POD_HEAD}\np,6000,12288,0,0,,LS,Running,0,9,0`, { gpus: [] }],
    [
      'models',
      `${POD_HEAD}\np,6000,12288,1,1000,V100M16|V100M32,LS,Running,0,9,`,
      { where: { models: ['V100M16', 'V100M32'] } },
    ],
    ['a byte order mark, CRLF and empty lines', `\uFEFF${SHORT_HEAD}\r\np,6000,12288,1,1000\r\n\r\n`, { name: 'p' }],
  ];
  it.each(pods)('reads a pod with %s', (_, text, expected) => {
    expect(parseOpenbPods(text, 'p.csv')).toMatchObject([expected]);
  });

  const broken: readonly (readonly [string, () => unknown, string])[] = [
    [
      'an empty file',
      () => parseOpenbNodes('', 'n.csv'),
      'n.csv:1: header: the file is empty; the first line must name the columns sn,cpu_milli,memory_mib,gpu,model',
    ],
    [
      'a header only',
      () => parseOpenbNodes(`${NODE_HEAD}\n`, 'n.csv'),
      'n.csv:2: line: the file has a header only; add one line each',
    ],
    [
      'a missing column',
      () => parseOpenbNodes('sn,cpu_milli\nn,1', 'n.csv'),
      'n.csv:1: memory_mib: the column is missing from the header; the first line must name the columns sn,cpu_milli,memory_mib,gpu,model',
    ],
    [
      'a missing value',
      () => parseOpenbNodes(`${NODE_HEAD}\nn,1,2\n`, 'n.csv'),
      'n.csv:2: line: the line has 3 values and the header 5 columns; write one value, possibly empty, for every column',
    ],
    [
      'a word for a number',
      () => parseOpenbNodes(`${NODE_HEAD}\nn,1,2,3,A\nm,1,many,3,A\n`, 'n.csv'),
      'n.csv:3: memory_mib: "many" is not a whole number in range; write a whole number, 0 or more',
    ],
    [
      'a negative number',
      () => parseOpenbPods(`${SHORT_HEAD}\np,-1,1,0,0`, 'p.csv'),
      'p.csv:2: cpu_milli: "-1" is not a whole number in range; write a whole number, 0 or more',
    ],
    [
      'too many GPU thousandths',
      () => parseOpenbPods(`${SHORT_HEAD}\np,1,1,1,1001`, 'p.csv'),
      'p.csv:2: gpu_milli: "1001" is not a whole number in range; write a whole number, 0 to 1000',
    ],
    [
      'shares of two GPUs',
      () => parseOpenbPods(`${SHORT_HEAD}\np,1,1,2,500`, 'p.csv'),
      'p.csv:2: gpu_milli: "500" with num_gpu 2; write 1000 for whole GPUs, or 1 to 999 with num_gpu 1 for a share',
    ],
    [
      'a name twice',
      () => parseOpenbPods(`${SHORT_HEAD}\np,1,1,0,0\np,1,1,0,0`, 'p.csv'),
      'p.csv:3: name: "p" already on line 2; give every line its own',
    ],
    [
      'no name',
      () => parseOpenbPods(`${SHORT_HEAD}\n,1,1,0,0`, 'p.csv'),
      'p.csv:2: name: "" must not be empty; write a name',
    ],
  ];
  it.each(broken)('says where %s is wrong', (_, read, message) => {
    expect(read).toThrow(TraceError);
    expect(read).toThrow(message);
  });

  it('says on which line a quote is not closed', () => {
    expect(() => parseOpenbPods(`${SHORT_HEAD}\n"p,1,1,0,0`, 'p.csv')).toThrow(/^p\.csv:\d+: line: /);
  });
});
