/** Says of each channel whether it can be used and has what the law asks for. */
import { kinds } from '../../api/index.ts';
import { Namespace } from '../../kube/index.ts';
import { type Controller, controller, type Key, type Reader, Terminal } from '../../runtime/index.ts';
import { complianceNeeds, isCompliant } from '../campaign/decide.ts';
import { growthLabel, growthLabelChanged, isGrowthNamespace } from '../campaign/observe.ts';
import { report } from './report.ts';

/** The controller of MessagingChannel. */
export function messagingChannel(): Controller {
  return controller(kinds.MessagingChannel)
    .watches(Namespace, channelsInNamespace, { when: growthLabelChanged })
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

function channelsInNamespace(namespace: Namespace, reader: Reader): readonly Key[] {
  return reader
    .list(kinds.MessagingChannel, { namespace: namespace.metadata.name })
    .map(({ metadata }) => ({ namespace: metadata.namespace, name: metadata.name }));
}
