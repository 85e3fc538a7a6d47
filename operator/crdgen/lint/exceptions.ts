/** A place that breaks a rule for a reason. One that breaks no rule any more fails the lint. */
export interface Exception {
  readonly rule: string;
  /** `Kind:path`, as the lint prints it. */
  readonly place: string;
  readonly reason: string;
}

/** Reviewed by hand. */
export const exceptions: readonly Exception[] = [
  {
    rule: 'nomaps',
    place: 'GPUPool:spec.nodes.selector.matchLabels',
    reason: 'a label selector has the shape that Kubernetes gives it (meta/v1 LabelSelector)',
  },
  {
    rule: 'nomaps',
    place: 'GPUPool:spec.labels',
    reason: 'labels have the shape that Kubernetes gives them (meta/v1 ObjectMeta)',
  },
  {
    rule: 'nomaps',
    place: 'OptimizationPolicy:spec.podSelector.matchLabels',
    reason: 'a label selector has the shape that Kubernetes gives it (meta/v1 LabelSelector)',
  },
];
