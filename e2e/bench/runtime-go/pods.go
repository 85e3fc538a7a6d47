package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const gpu = corev1.ResourceName("nvidia.com/gpu")

// stripPod cuts a pod to its identity, labels, node, phase and GPU requests before it enters the cache.
func stripPod(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	containers := make([]corev1.Container, len(pod.Spec.Containers))
	for i, container := range pod.Spec.Containers {
		containers[i].Resources.Requests = gpusOf(container.Resources.Requests)
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:            pod.Name,
			Namespace:       pod.Namespace,
			UID:             pod.UID,
			ResourceVersion: pod.ResourceVersion,
			Labels:          pod.Labels,
		},
		Spec:   corev1.PodSpec{NodeName: pod.Spec.NodeName, Containers: containers},
		Status: corev1.PodStatus{Phase: pod.Status.Phase},
	}, nil
}

func gpusOf(requests corev1.ResourceList) corev1.ResourceList {
	count, ok := requests[gpu]
	if !ok {
		return nil
	}
	return corev1.ResourceList{gpu: count}
}
