/** @module What config/policies decides about namespaces, as webhooks for clusters without admission policies. */
import { kinds } from '../../api/index.ts';
import { Namespace } from '../../kube/index.ts';
import { mutating, validating, type Webhook } from '../../runtime/index.ts';
import { managedNamespace, namespaceGuard } from './namespaces.ts';

/** The webhooks of namespaces; config/webhooks names their paths. */
export const namespaceWebhooks: readonly Webhook[] = [
  mutating(Namespace, '/namespace-label', ({ object }, reader) => {
    if (object === undefined) return { allowed: true };
    return { allowed: true, object: managedNamespace(object, reader.list(kinds.Tenant)) };
  }),
  validating(Namespace, '/namespace-guard', (request) => {
    const message = namespaceGuard(request);
    return message === undefined ? { allowed: true } : { allowed: false, message };
  }),
];
