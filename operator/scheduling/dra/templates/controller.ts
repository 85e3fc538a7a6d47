/** Keeps a template of claims for every shape that pools offer in every namespace whose pods are gated. */
import { kinds } from '../../../api/index.ts';
import { Namespace, Node, ResourceClaimTemplate, ResourceSlice } from '../../../kube/index.ts';
import { createPoolClaims, MANAGED_LABEL, readDraNodes, SHAPE_LABEL } from '../../../pools/index.ts';
import { type Controller, type Reader, singleton } from '../../../runtime/index.ts';
import { decide } from './decide.ts';
import { KEEPER, KEPT_LABEL, templateOf } from './resources.ts';

/** The controller of ResourceClaimTemplates. */
export function templateController(): Controller {
  return singleton('claim-templates')
    .watches(Namespace, { when: (now, before) => before === undefined || managed(now) !== managed(before) })
    .watches(kinds.GPUPool, { when: (now, before) => now.metadata.generation !== before?.metadata.generation })
    .watches(ResourceSlice)
    .watches(ResourceClaimTemplate)
    .reads(Node)
    .may({
      group: 'resource.k8s.io',
      resource: 'resourceclaimtemplates',
      verbs: ['create', 'patch', 'delete'],
      in: 'cluster',
      why: 'keeps the templates from which pods with the label gpuoptimizer.io/shape get their claims',
    })
    .debounce('250ms')
    .every('10m')
    .reconcile(async (ctx) => {
      const existing = ctx
        .list(ResourceClaimTemplate)
        .filter(
          ({ metadata }) => metadata.labels?.[SHAPE_LABEL] !== undefined && metadata.labels[KEPT_LABEL] === KEEPER,
        )
        .map((template) => ({
          template,
          namespace: template.metadata.namespace ?? '',
          name: template.metadata.name ?? '',
        }));
      const namespaces = ctx.list(Namespace).filter(managed);
      const plan = decide(
        namespaces.map(({ metadata }) => metadata.name ?? ''),
        shapesOf(ctx),
        existing,
      );
      for (const { template } of plan.remove) await ctx.remove(ResourceClaimTemplate, template);
      for (const { namespace, shape } of plan.make) {
        await ctx.apply(ResourceClaimTemplate, templateOf(namespace, shape), { owner: 'none' });
      }
      return {};
    });
}

function managed({ metadata }: Namespace): boolean {
  return metadata.labels?.[MANAGED_LABEL] === 'true' && metadata.deletionTimestamp === undefined;
}

/** Shapes of devices on nodes of pools. */
function shapesOf(reader: Reader): readonly string[] {
  const poolsOf = createPoolClaims(reader.list(kinds.GPUPool));
  const nodes = readDraNodes(reader.list(ResourceSlice));
  return [...nodes.values()].flatMap(({ node, devices }) => {
    const found = reader.get(Node, { name: node });
    const pooled = found !== undefined && poolsOf(found).length > 0;
    return pooled ? devices.map(({ shape }) => shape) : [];
  });
}
