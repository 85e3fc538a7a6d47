/** Says of each channel whether it can be used and has what the law asks for. */
import { kinds } from '../../api/index.ts';
import { Namespace } from '../../kube/index.ts';
import { type Controller, controller, Terminal } from '../../runtime/index.ts';
import { complianceNeeds, isCompliant } from '../campaign/decide.ts';
import { growthLabel, isGrowthNamespace } from '../campaign/observe.ts';
import { report } from './report.ts';

/** The controller of MessagingChannel. */
export function messagingChannel(): Controller {
  return controller(kinds.MessagingChannel)
    .watches(
      Namespace,
      (namespace, reader) =>
        reader
          .list(kinds.MessagingChannel, { namespace: namespace.metadata.name })
          .map(({ metadata }) => ({ namespace: metadata.namespace, name: metadata.name })),
      { when: (now, before) => now.metadata.labels?.[growthLabel] !== before.metadata.labels?.[growthLabel] },
    )
    .reconcile(async (channel, ctx) => {
      const namespace = channel.metadata.namespace ?? '';
      if (!isGrowthNamespace(ctx, namespace)) {
        throw new Terminal(
          'NamespaceNotAllowed',
          `namespace ${namespace} is not open to channels; if it belongs to your staff: kubectl label namespace ${namespace} ${growthLabel}=true`,
        );
      }
      return { status: report(channel, { compliant: isCompliant(channel), needs: complianceNeeds }) };
    });
}
