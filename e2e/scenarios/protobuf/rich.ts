/** Objects that hold every field that any cache keeps, in all the forms that a value may have. */

/** The namespace of all that has one. */
export const NAMESPACE = 'protobuf';
/** The node of the test: nothing runs on it. */
export const NODE = 'protobuf-node';

/** The priority of its pods. */
export const PRIORITY = 'protobuf-priority';

const unicode = 'ü 🚀 \u2028\u2029 <&> "quoted" \\ \t\n \ufeff \u0001 e\u0301 漢字';
const long = `${'n'.repeat(300)}ü${'m'.repeat(300)}`;
const labels = { app: 'train', 'example.com/team': 'red', empty: '' };
const annotations = { unicode, long, none: '', 'example.com/json': '{"a":[1]}' };
const owner = (name: string, rest: object): object => ({
  apiVersion: 'example.com/v1',
  kind: 'Toy',
  name,
  uid: name,
  ...rest,
});
const meta = (name: string, rest: object = {}): object => ({
  name,
  namespace: NAMESPACE,
  labels,
  annotations,
  finalizers: ['example.com/kept', 'example.com/too'],
  ...rest,
});

const expression = (operator: string, values?: readonly string[]): object => ({ key: 'zone', operator, values });
const selector = { matchLabels: labels, matchExpressions: [expression('In', ['a', 'b']), expression('Exists')] };
const term = {
  matchExpressions: [expression('NotIn', ['x'])],
  matchFields: [{ key: 'metadata.name', operator: 'In', values: [NODE] }],
};
const podTerm = {
  labelSelector: selector,
  namespaces: ['a', 'b'],
  topologyKey: 'zone',
  namespaceSelector: {},
  matchLabelKeys: ['app-hash'],
  mismatchLabelKeys: ['other-hash'],
};
const podTerms = {
  requiredDuringSchedulingIgnoredDuringExecution: [podTerm, { topologyKey: 'rack' }],
  preferredDuringSchedulingIgnoredDuringExecution: [
    { weight: 1, podAffinityTerm: { topologyKey: 'rack', labelSelector: {} } },
  ],
};

/** Below zero, and pushes nobody away. */
export const priority = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name: PRIORITY },
  value: -7,
  preemptionPolicy: 'Never',
};

/** A pod that no scheduler places. */
export const richPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: meta('rich', {
    ownerReferences: [owner('one', { controller: true, blockOwnerDeletion: false }), owner('two', {})],
  }),
  spec: {
    restartPolicy: 'OnFailure',
    schedulerName: 'nobody',
    terminationGracePeriodSeconds: 0,
    activeDeadlineSeconds: 3600,
    nodeSelector: { nowhere: 'true', 'example.com/empty': '' },
    schedulingGates: [{ name: 'example.com/gate' }, { name: 'example.com/other' }],
    priorityClassName: PRIORITY,
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term, {}] },
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: term }],
      },
      podAffinity: podTerms,
      podAntiAffinity: podTerms,
    },
    tolerations: [
      { operator: 'Exists' },
      { key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 0 },
      { key: 'c', effect: 'NoExecute', tolerationSeconds: -5 },
    ],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: selector,
        minDomains: 2,
        nodeAffinityPolicy: 'Ignore',
        nodeTaintsPolicy: 'Honor',
        matchLabelKeys: ['rev-hash'],
      },
      { maxSkew: 2, topologyKey: 'rack', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
    resources: { limits: { cpu: '4', memory: '4Gi' }, requests: { cpu: '1' } },
    resourceClaims: [
      { name: 'direct', resourceClaimName: 'a-claim' },
      { name: 'made', resourceClaimTemplateName: 'a-template' },
    ],
    initContainers: [
      { name: 'side', image: 'none', restartPolicy: 'Always', resources: { requests: { memory: '1e3' } } },
      { name: 'init', image: 'none', env: [{ name: 'A', value: unicode }] },
    ],
    containers: [
      {
        name: 'quantities',
        image: 'none',
        command: ['sh', '-c', long],
        resources: {
          requests: {
            cpu: '0.1',
            memory: '1.5Gi',
            'ephemeral-storage': '129e6',
            'nvidia.com/gpu': '8',
            'example.com/k': '2k',
          },
          limits: {
            cpu: '1500m',
            memory: '2147483648',
            'ephemeral-storage': '1Ti',
            'nvidia.com/gpu': '8',
            'example.com/k': '2k',
          },
          claims: [{ name: 'direct' }, { name: 'made', request: 'gpu' }],
        },
      },
      { name: 'bare', image: 'none', volumeMounts: [{ name: 'v', mountPath: '/v' }] },
    ],
    volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Gi' } }],
  },
};

const at = '2026-01-02T03:04:05Z';
const condition = { type: 'Ready', status: 'False', reason: 'Because', message: unicode, lastTransitionTime: at };

/** What a kubelet might say of it. */
export const richPodStatus = {
  phase: 'Running',
  reason: 'Evicted',
  message: long,
  startTime: at,
  nominatedNodeName: NODE,
  resourceClaimStatuses: [{ name: 'direct', resourceClaimName: 'a-claim' }, { name: 'made' }],
  extendedResourceClaimStatus: {
    resourceClaimName: 'an-extended-claim',
    requestMappings: [{ containerName: 'quantities', resourceName: 'nvidia.com/gpu', requestName: 'r-0' }],
  },
  conditions: [condition, { type: 'PodScheduled', status: 'Unknown' }],
  initContainerStatuses: [
    { name: 'side', image: 'none', imageID: '', ready: true, restartCount: 0, state: { running: {} } },
    { name: 'init', image: 'none', imageID: 'x', ready: false, restartCount: 2147483647, state: {} },
  ],
  containerStatuses: [
    {
      name: 'quantities',
      image: 'none',
      imageID: '',
      ready: false,
      restartCount: 3,
      state: {
        terminated: {
          exitCode: -1,
          signal: 9,
          reason: 'OOMKilled',
          message: unicode,
          startedAt: at,
          finishedAt: '1969-12-31T23:59:59Z',
          containerID: 'containerd://a',
        },
      },
      allocatedResourcesStatus: [
        {
          name: 'nvidia.com/gpu',
          resources: [
            { resourceID: 'GPU-1', health: 'Unhealthy', message: 'XID 79' },
            { resourceID: '', health: 'Unknown' },
          ],
        },
      ],
    },
    {
      name: 'bare',
      image: 'none',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { waiting: { reason: 'CrashLoopBackOff', message: unicode } },
    },
  ],
};

/** A node that takes no pods. */
export const richNode = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: NODE, labels, annotations },
  spec: {
    providerID: 'aws:///a/i-1',
    unschedulable: true,
    taints: [
      { key: 'example.com/gpu', value: 'yes', effect: 'NoSchedule' },
      { key: 'bare', effect: 'NoSchedule', timeAdded: at },
    ],
  },
};

/** What a kubelet might say of it. */
export const richNodeStatus = {
  capacity: {
    cpu: '96',
    memory: '1056270Mi',
    'nvidia.com/gpu': '8',
    'example.com/e': '9E',
    'example.com/i': '9007199254740993',
  },
  allocatable: { cpu: '95500m', memory: '0', 'ephemeral-storage': '1e9', 'hugepages-2Mi': '512Mi', pods: '0.11e3' },
  conditions: [condition, { type: 'GpuHealthy', status: 'True', lastHeartbeatTime: at }],
  nodeInfo: { kernelVersion: '6.1' },
};

/** A Job that makes no pods. */
export const richJob = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: meta('rich', { finalizers: undefined }),
  spec: {
    suspend: true,
    parallelism: 0,
    completions: 4,
    completionMode: 'Indexed',
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'none' }] } },
  },
};

/** The other kinds that have a table. */
export const others = [
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: meta('rich', { finalizers: undefined }),
    spec: {
      holderIdentity: '',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-02T03:04:05.000001Z',
      renewTime: '2026-01-02T03:04:05.999999Z',
      leaseTransitions: 0,
    },
  },
  { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'bare', namespace: NAMESPACE } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta('rich', { finalizers: undefined }),
    immutable: false,
    data: { unicode, long, none: '', ['__proto__']: 'a key' },
    binaryData: { bytes: 'AP8Q', empty: '' },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bare', namespace: NAMESPACE } },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta('rich', { finalizers: undefined }),
    spec: { minAvailable: '50%', selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'number', namespace: NAMESPACE },
    spec: { maxUnavailable: 0, selector: {} },
  },
];
