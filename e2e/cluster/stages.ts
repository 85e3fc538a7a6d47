/** The annotation by which KWOK knows the nodes that it plays; its value there is `fake`. */
export const FAKE_NODE_ANNOTATION = 'kwok.x-k8s.io/node';
/** Annotation (or label) on a pod: it ends by itself that many seconds after it started. */
export const RUN_SECONDS_KEY = 'gpuoptimizer.io/run-seconds';
/** Annotation on a pod with run-seconds: the exit code of its containers, `0` unless given. */
export const EXIT_CODE_KEY = 'gpuoptimizer.io/exit-code';
/** Annotation on a fake node: while it is there the node is NotReady, as if its kubelet had stopped. */
export const NODE_DOWN_KEY = 'gpuoptimizer.io/fake-down';

// A heartbeat only refreshes timestamps (the leases keep nodes alive), so it may be rare.
const HEARTBEAT_MS = 240_000;
const HEARTBEAT_JITTER_MS = 300_000;

interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** A KWOK Stage: when an object of that kind looks like `selector`, its status becomes `next`. */
interface Stage {
  readonly apiVersion: 'kwok.x-k8s.io/v1alpha1';
  readonly kind: 'Stage';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly resourceRef: { readonly apiGroup: 'v1'; readonly kind: 'Node' | 'Pod' };
    readonly selector: { readonly matchExpressions: readonly Requirement[] };
    readonly delay?: object;
    readonly next: { readonly statusTemplate: string } | { readonly delete: true };
  };
}

const readyStatus = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const notDeleted: Requirement = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const annotation = (key: string): string => `.metadata.annotations["${key}"]`;
const runSeconds = `${annotation(RUN_SECONDS_KEY)} // .metadata.labels["${RUN_SECONDS_KEY}"]`;

const nodeConditions = (ready: 'True' | 'False'): string => `
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
  type: {{ .type | Quote }}
{{ if eq .type "Ready" }}
  status: "${ready}"
  reason: ${ready === 'True' ? 'KubeletReady' : 'KubeletStopped'}
  message: ${ready === 'True' ? 'fake kubelet is ready' : 'annotation gpuoptimizer.io/fake-down is set'}
{{ else }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
{{ end }}
{{ end }}
`;

const nodeDetails = `
addresses:
{{ with NodeIP }}
- address: {{ . | Quote }}
  type: InternalIP
{{ end }}
- address: {{ .metadata.name | Quote }}
  type: Hostname
allocatable:
{{ with .status.allocatable }}
{{ YAML . 1 }}
{{ else }}
  cpu: "64"
  memory: 512Gi
  pods: "110"
{{ end }}
capacity:
{{ with .status.capacity }}
{{ YAML . 1 }}
{{ else }}
  cpu: "64"
  memory: 512Gi
  pods: "110"
{{ end }}
{{ $info := .status.nodeInfo }}
nodeInfo:
  architecture: {{ or $info.architecture "amd64" }}
  bootID: {{ or $info.bootID "fake" }}
  containerRuntimeVersion: {{ or $info.containerRuntimeVersion "kwok://0.8.0" }}
  kernelVersion: {{ or $info.kernelVersion "fake" }}
  kubeProxyVersion: {{ or $info.kubeProxyVersion "fake" }}
  kubeletVersion: {{ or $info.kubeletVersion "fake" }}
  machineID: {{ or $info.machineID "fake" }}
  operatingSystem: linux
  osImage: {{ or $info.osImage "fake" }}
  systemUUID: {{ or $info.systemUUID "fake" }}
phase: Running
`;

const containerStatuses = (field: 'containers' | 'initContainers', running: boolean): string => `
{{ range .spec.${field} }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  started: true
  state:
    ${
      running
        ? 'running: { startedAt: {{ $now | Quote }} }'
        : 'terminated: { exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} }'
    }
{{ end }}
`;

const podRunning = `
{{ $now := Now }}
conditions:
{{ range $type := list "Initialized" "PodReadyToStartContainers" "ContainersReady" "Ready" }}
- lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: {{ $type }}
{{ end }}
{{ range .spec.readinessGates }}
- lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: {{ .conditionType | Quote }}
{{ end }}
containerStatuses:
${containerStatuses('containers', true)}
{{ if .spec.initContainers }}
initContainerStatuses:
${containerStatuses('initContainers', false)}
{{ end }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
phase: Running
startTime: {{ $now | Quote }}
`;

const podEnded = `
{{ $now := Now }}
{{ $start := or .status.startTime $now }}
{{ $code := or (index (or .metadata.annotations dict) "${EXIT_CODE_KEY}") "0" }}
{{ $reason := "Completed" }}
{{ $phase := "Succeeded" }}
{{ if ne $code "0" }}{{ $reason = "Error" }}{{ $phase = "Failed" }}{{ end }}
conditions:
{{ range $type := list "ContainersReady" "Ready" }}
- lastTransitionTime: {{ $now | Quote }}
  status: "False"
  reason: {{ if eq $phase "Succeeded" }}PodCompleted{{ else }}PodFailed{{ end }}
  type: {{ $type }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: false
  restartCount: 0
  started: false
  state:
    terminated: { exitCode: {{ $code }}, reason: {{ $reason }}, startedAt: {{ $start | Quote }}, finishedAt: {{ $now | Quote }} }
{{ end }}
phase: {{ $phase }}
`;

function stage(kind: 'Node' | 'Pod', name: string, spec: Omit<Stage['spec'], 'resourceRef'>): Stage {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind }, ...spec },
  };
}

const matching = (...matchExpressions: readonly Requirement[]): Stage['spec']['selector'] => ({ matchExpressions });

/** How fake nodes come up, stay alive and go down, and how the pods on them start, end and are deleted. */
export const stages: readonly Stage[] = [
  stage('Node', 'node-initialize', {
    selector: matching(
      { key: readyStatus, operator: 'NotIn', values: ['True'] },
      { key: annotation(NODE_DOWN_KEY), operator: 'DoesNotExist' },
    ),
    next: { statusTemplate: nodeConditions('True') + nodeDetails },
  }),
  stage('Node', 'node-down', {
    selector: matching(
      { key: readyStatus, operator: 'In', values: ['True'] },
      { key: annotation(NODE_DOWN_KEY), operator: 'Exists' },
    ),
    next: { statusTemplate: nodeConditions('False') },
  }),
  stage('Node', 'node-heartbeat', {
    selector: matching(
      { key: '.status.phase', operator: 'In', values: ['Running'] },
      { key: readyStatus, operator: 'In', values: ['True'] },
      { key: annotation(NODE_DOWN_KEY), operator: 'DoesNotExist' },
    ),
    delay: { durationMilliseconds: HEARTBEAT_MS, jitterDurationMilliseconds: HEARTBEAT_JITTER_MS },
    next: {
      statusTemplate: `
{{ $now := Now }}
conditions:
{{ range .status.conditions }}
- lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ .lastTransitionTime | Quote }}
  type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
{{ end }}
`,
    },
  }),
  stage('Pod', 'pod-ready', {
    selector: matching(
      notDeleted,
      { key: '.status.phase', operator: 'In', values: ['Pending'] },
      { key: readyStatus, operator: 'NotIn', values: ['True'] },
    ),
    next: { statusTemplate: podRunning },
  }),
  stage('Pod', 'pod-complete', {
    selector: matching(
      notDeleted,
      { key: '.status.phase', operator: 'In', values: ['Running'] },
      { key: '.spec.restartPolicy', operator: 'In', values: ['Never', 'OnFailure'] },
      { key: runSeconds, operator: 'Exists' },
    ),
    // An absolute time, so that a restarted KWOK does not let a pod run twice as long.
    delay: {
      durationFrom: {
        expressionFrom: `((.status.startTime | fromdateiso8601) + ((${runSeconds}) | tonumber)) | todateiso8601`,
      },
    },
    next: { statusTemplate: podEnded },
  }),
  stage('Pod', 'pod-delete', {
    selector: matching({ key: '.metadata.deletionTimestamp', operator: 'Exists' }),
    next: { delete: true },
  }),
];

/** The stages as the file that `kwok --config` reads. */
export function stagesFile(): string {
  return stages.map((each) => `---\n${JSON.stringify(each, null, 2)}\n`).join('');
}
