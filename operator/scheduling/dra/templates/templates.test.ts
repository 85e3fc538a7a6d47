import { describe, expect, it } from 'vitest';
import type { GPUPool } from '../../../api/index.ts';
import { type Namespace, Namespace as NamespaceKind, ResourceClaimTemplate } from '../../../kube/index.ts';
import { runPass, type Thing, thing } from '../../../runtime/testing/index.ts';
import { NOW, node, pool } from '../../world.fixture.ts';
import { classes, slices } from '../world.fixture.ts';
import { templateController } from './controller.ts';
import { decide } from './decide.ts';
import { templateOf } from './resources.ts';

const dra: Partial<GPUPool['spec']> = { sharing: { type: 'DRA' } };
const namespace = (name: string, managed: boolean): Thing => {
  const labels: Namespace['metadata']['labels'] = managed ? { 'gpuoptimizer.io/managed': 'true' } : {};
  return thing(NamespaceKind, { metadata: { name, uid: `ns-${name}`, labels } });
};
const ground = [node('n', { resources: {} }), ...slices('n'), ...classes];

describe('templates of claims', () => {
  it('are one for each shape and managed namespace, and are made once', async () => {
    const world = [...ground, pool('main', dra), namespace('acme-a', true), namespace('free', false)];
    const out = await runPass(templateController(), { world, now: NOW });
    const made = out.acts.map((act) => ('key' in act ? act.key : ''));
    expect(made).toEqual(['acme-a/gpuopt-gpu', 'acme-a/gpuopt-1g.10gb', 'acme-a/gpuopt-4g.40gb']);
    expect((await out.again()).acts).toEqual([]);
    const found = out.get(ResourceClaimTemplate, { namespace: 'acme-a', name: 'gpuopt-1g.10gb' });
    expect(found?.spec.spec.devices?.requests).toEqual([
      {
        name: 'gpu',
        exactly: {
          deviceClassName: 'mig.nvidia.com',
          selectors: [{ cel: { expression: "device.attributes['gpu.nvidia.com'].profile == '1g.10gb'" } }],
        },
      },
    ]);
  });

  it('go with the last pool or the tenant; those of others stay', async () => {
    const { metadata } = templateOf('free', 'mig.nvidia.com/1g.10gb');
    const ours = thing(ResourceClaimTemplate, { metadata: { ...metadata, uid: 't' }, spec: { spec: {} } });
    const other = thing(ResourceClaimTemplate, {
      metadata: { namespace: 'free', name: 'own', uid: 'own', labels: { 'gpuoptimizer.io/shape': '1g.10gb' } },
      spec: { spec: {} },
    });
    const world = [...ground, pool('main', dra), namespace('free', false), ours, other];
    const out = await runPass(templateController(), { world, now: NOW });
    expect(out.acts.map((act) => `${act.act} ${'key' in act ? act.key : ''}`)).toEqual(['remove free/gpuopt-1g.10gb']);
  });

  it.each([
    { name: 'nothing offered', shapes: [], remove: 1 },
    { name: 'a driver that restarts leaves another shape', shapes: ['gpu.nvidia.com'], remove: 0 },
    { name: 'GPUs that are passed through', shapes: ['vfio.gpu.nvidia.com'], remove: 1 },
  ])('are kept or removed: $name', ({ shapes, remove }) => {
    expect(decide(['a'], shapes, [{ namespace: 'a', name: 'gpuopt-1g.10gb' }]).remove).toHaveLength(remove);
  });

  it('carry profiles with attributes under a name that a label can hold', () => {
    expect(templateOf('a', 'mig.nvidia.com/1g.10gb+me').metadata.name).toBe('gpuopt-1g.10gb.me');
  });
});
