import { describe, expect, it } from 'vitest';
import type { DeviceAsk, DraNode } from '../../pools/index.ts';
import type { ClaimFacts } from './claims.ts';
import { createWaysOf } from './ways.ts';

/** A node with so many devices of each shape, 10 bytes of memory each. */
function node(name: string, shapes: Readonly<Record<string, number>>, memory = 10): DraNode {
  const devices = Object.entries(shapes).flatMap(([shape, count]) =>
    Array.from({ length: count }, (_, at) => ({
      ...{ name: `${shape}-${at}`, shape, gpu: at, takes: {}, milli: 1000, shareMilli: 1000, memory },
    })),
  );
  return { node: name, model: 'A100', gpus: devices.length, devices, counters: {} };
}

const ask = (shape: string, over: Partial<DeviceAsk> = {}): DeviceAsk => ({
  ...{ request: 'r', deviceClass: 'c', shape, count: 1, ...over },
});

function claim(...ways: readonly (readonly DeviceAsk[])[]): ClaimFacts {
  return {
    key: 'a/c',
    claim: { metadata: {}, spec: {} },
    reading: { kind: 'devices', ways },
    held: [],
    isAllocated: false,
  };
}

const nodes = [node('n1', { gpu: 8 }), node('n2', { gpu: 4, mig: 7 }), node('n3', { gpu: 8, mig: 40 }, 80)];

interface Row {
  readonly name: string;
  readonly claims: readonly ClaimFacts[];
  readonly ours?: readonly string[];
  readonly ways: readonly string[] | RegExp;
}

const rows: readonly Row[] = [
  { name: 'nothing is asked for', claims: [], ways: [''] },
  { name: 'a number of devices, wherever', claims: [claim([ask('gpu', { count: 2 })])], ways: ['gpu*2'] },
  { name: 'two claims', claims: [claim([ask('gpu')]), claim([ask('mig')])], ways: ['gpu*1 mig*1'] },
  { name: 'a model', claims: [claim([ask('gpu', { model: 'A100' })])], ways: ['gpu*1 of A100'] },
  {
    name: 'two models at once, which no node has',
    claims: [claim([ask('gpu', { model: 'A100' }), ask('mig', { model: 'H100' })])],
    ways: ['gpu*1 mig*1 of '],
  },
  {
    name: 'all devices: as many ways as there are numbers of them, few first',
    claims: [claim([ask('gpu', { count: 'all' })])],
    ways: ['gpu*4 on n2', 'gpu*8 on n1,n3'],
  },
  {
    name: 'all devices, no more than a claim may hold',
    claims: [claim([ask('mig', { count: 'all' })])],
    ways: ['mig*7 on n2'],
  },
  { name: 'memory that some have', claims: [claim([ask('gpu', { memory: 40 })])], ways: ['gpu*1 on n3'] },
  {
    name: 'memory that none has',
    claims: [claim([ask('gpu', { memory: 99 })])],
    ways: /no node publishes .* 99 bytes/,
  },
  { name: 'a shape that is not there, all of it', claims: [claim([ask('x', { count: 'all' })])], ways: /no node/ },
  {
    name: 'alternatives, in their order, where the planner allocates',
    claims: [claim([ask('mig')], [ask('gpu')])],
    ours: ['n1', 'n2'],
    ways: ['mig*1 on n2', 'gpu*1 on n1,n2'],
  },
  {
    name: 'alternatives of two claims',
    claims: [claim([ask('mig')], [ask('gpu')]), claim([ask('gpu')])],
    ours: ['n2'],
    ways: ['mig*1 gpu*1 on n2', 'gpu*1 gpu*1 on n2'],
  },
  {
    name: 'alternatives where it allocates nowhere',
    claims: [claim([ask('mig')], [ask('gpu')])],
    ways: /GPUOptimizer/,
  },
  {
    name: 'far more combinations than could be made',
    claims: Array.from({ length: 64 }, () => claim([ask('mig')], [ask('gpu')])),
    ours: ['n2'],
    ways: /more than 32 combinations/,
  },
];

describe('the ways to serve claims', () => {
  it.each(rows)('$name', ({ claims, ours = [], ways }) => {
    const known = new Map(nodes.map((each) => [each.node, each]));
    const found = createWaysOf({ nodes: known, ours: new Set(ours) })(claims);
    if (ways instanceof RegExp) {
      expect(found).toMatchObject({ sentence: expect.stringMatching(ways) });
      return;
    }
    const said =
      'blocker' in found
        ? found.sentence
        : found.map(({ gpus, where }) => {
            const devices = gpus.map((gpu) => (gpu.kind === 'devices' ? `${gpu.resource}*${gpu.count}` : '')).join(' ');
            const at = where?.names === undefined ? '' : ` on ${where.names.join()}`;
            return devices + (where?.models === undefined ? '' : ` of ${where.models.join()}`) + at;
          });
    expect(said).toEqual(ways);
  });
});
