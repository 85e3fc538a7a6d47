import { expect, test } from 'vitest';

import { Node } from '../../kube/index.ts';
import { runPass, type Thing, thing } from '../../runtime/testing/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { capacityController } from './controller.ts';
import { decide, type NodeCapacity, type OpenCapacity } from './decide.ts';

const a: NodeCapacity = { node: 'a', model: 'NVIDIA-L4', gpus: 4 };
const since = (one: NodeCapacity, openedAt: number): OpenCapacity => ({ ...one, openedAt });

test.each<[string, readonly NodeCapacity[], readonly OpenCapacity[], number | undefined, string]>([
  ['a new node begins when it is seen', [a], [], 50, 'open a x4 @100'],
  ['what is known goes on', [a], [since(a, 10)], 50, ''],
  ['a node that is gone ends where it was last seen', [], [since(a, 10)], 50, 'close a @50'],
  ['gone before anybody looked', [], [since(a, 60)], 50, 'close a @60'],
  ['a GPU more', [{ ...a, gpus: 5 }], [since(a, 10)], 50, 'close a @100, open a x5 @100'],
  ['moved to a region', [{ ...a, region: 'eu' }], [since(a, 10)], 50, 'close a @100, open a x4 @100'],
])('%s', (_, seen, open, before, expected) => {
  const plan = decide(seen, open, { now: 100, before });
  const closed = plan.close.map(({ node, at }) => `close ${node} @${at}`);
  const opened = plan.open.map(({ node, gpus, openedAt }) => `open ${node} x${gpus} @${openedAt}`);
  expect([...closed, ...opened].join(', ')).toBe(expected);
});

const store = storeForFile();

function gpuNode(name: string, gpus: number, labels: Readonly<Record<string, string>> = {}): Thing {
  const resources = { 'nvidia.com/gpu': String(gpus) };
  return thing(Node, {
    metadata: { name, uid: name, labels: { 'nvidia.com/gpu.product': 'NVIDIA-L4-SHARED', ...labels } },
    status: { capacity: resources, allocatable: resources },
  });
}

async function see(time: string, world: readonly Thing[]): Promise<readonly string[]> {
  const output = await runPass(capacityController(store()), { world, now: new Date(`2026-01-01T${time}:00Z`) });
  expect(output.result).toMatchObject({ result: 'success' });
  const rows = await store().db.selectFrom('node_capacity').selectAll().orderBy('opened_at').orderBy('node').execute();
  const clock = (at: Date | null): string => at?.toISOString().slice(11, 16) ?? 'open';
  return rows.map(
    (row) => `${row.node} ${row.model} x${row.gpus} ${row.region} ${clock(row.opened_at)}-${clock(row.closed_at)}`,
  );
}

test('physical GPUs of nodes, not their shared slots, are kept from when to when', async () => {
  const shared = gpuNode('b', 8, { 'nvidia.com/gpu.replicas': '4', 'topology.kubernetes.io/region': 'eu-1' });
  expect(await see('10:00', [gpuNode('a', 4), shared])).toEqual([
    'a NVIDIA-L4 x4 null 10:00-open',
    'b NVIDIA-L4 x2 eu-1 10:00-open',
  ]);
  expect(await see('10:05', [gpuNode('a', 4), shared])).toHaveLength(2);
  expect(await see('10:10', [gpuNode('a', 6)])).toEqual([
    'a NVIDIA-L4 x4 null 10:00-10:10',
    'b NVIDIA-L4 x2 eu-1 10:00-10:05',
    'a NVIDIA-L4 x6 null 10:10-open',
  ]);
});
