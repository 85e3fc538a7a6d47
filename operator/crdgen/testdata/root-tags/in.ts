import type { CustomResource, Int32, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced shortNames=th,tg categories=fixture
 * @column Name=Size type=integer path=.spec.size priority=1 format=int32 description="Number of replicas"
 * @column Name=Age type=date path=.metadata.creationTimestamp
 * @scale spec=.spec.size status=.status.observedGeneration selector=.spec.provider
 * @selectable .spec.provider
 * @deprecatedVersion "use v2"
 * @condition Ready=True Fine -- all is well
 * @event Warning ThingBroken -- it is broken
 * @meta label:a=b annotation:k=v
 * @rule self.metadata.name != 'forbidden' -- metadata.name must not be forbidden
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec {
  /** size is the number of replicas. */
  readonly size?: Int32;
  /** provider is a provider. */
  readonly provider: Label;
}
