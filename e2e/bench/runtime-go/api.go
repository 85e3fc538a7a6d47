package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
)

var groupVersion = schema.GroupVersion{Group: "bench.gpuoptimizer.io", Version: "v1"}

// Part is something that assemblies are made of.
type Part struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              PartSpec `json:"spec"`
}

// PartSpec says what a part weighs; its colour matters to nobody.
type PartSpec struct {
	Weight int64  `json:"weight"`
	Colour string `json:"colour,omitempty"`
}

// PartList is what a list of parts answers.
type PartList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Part `json:"items"`
}

// Assembly is a quantity of three parts.
type Assembly struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              AssemblySpec   `json:"spec"`
	Status            AssemblyStatus `json:"status,omitempty"`
}

// AssemblySpec names parts of the same namespace.
type AssemblySpec struct {
	Quantity int64    `json:"quantity"`
	Parts    []string `json:"parts"`
}

// AssemblyStatus is what the controller found.
type AssemblyStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Weight             int64              `json:"weight,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

// AssemblyList is what a list of assemblies answers.
type AssemblyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Assembly `json:"items"`
}

// AssemblyStatusApply is the intent of a server-side apply of the status.
type AssemblyStatusApply struct {
	metav1ac.TypeMetaApplyConfiguration    `json:",inline"`
	*metav1ac.ObjectMetaApplyConfiguration `json:"metadata,omitempty"`
	Status                                 *AssemblyStatus `json:"status,omitempty"`
}

// IsApplyConfiguration marks the type for the client.
func (*AssemblyStatusApply) IsApplyConfiguration() {}

// GetName is asked by the client, as are the next three.
func (a *AssemblyStatusApply) GetName() *string { return a.Name }

// GetNamespace answers the namespace.
func (a *AssemblyStatusApply) GetNamespace() *string { return a.Namespace }

// GetKind answers the kind.
func (a *AssemblyStatusApply) GetKind() *string { return a.Kind }

// GetAPIVersion answers group and version.
func (a *AssemblyStatusApply) GetAPIVersion() *string { return a.APIVersion }

func addToScheme(scheme *runtime.Scheme) {
	scheme.AddKnownTypes(groupVersion, &Part{}, &PartList{}, &Assembly{}, &AssemblyList{})
	metav1.AddToGroupVersion(scheme, groupVersion)
}

// DeepCopyObject is what controller-gen would write, as are the next three.
func (in *Part) DeepCopyObject() runtime.Object {
	out := &Part{TypeMeta: in.TypeMeta, Spec: in.Spec}
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return out
}

// DeepCopyObject copies a list.
func (in *PartList) DeepCopyObject() runtime.Object {
	out := &PartList{TypeMeta: in.TypeMeta, Items: make([]Part, len(in.Items))}
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*Part)
	}
	return out
}

// DeepCopyObject copies an assembly.
func (in *Assembly) DeepCopyObject() runtime.Object {
	out := &Assembly{TypeMeta: in.TypeMeta, Spec: in.Spec, Status: *in.Status.deepCopy()}
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.Parts = append([]string(nil), in.Spec.Parts...)
	return out
}

// DeepCopyObject copies a list.
func (in *AssemblyList) DeepCopyObject() runtime.Object {
	out := &AssemblyList{TypeMeta: in.TypeMeta, Items: make([]Assembly, len(in.Items))}
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*Assembly)
	}
	return out
}

func (in *AssemblyStatus) deepCopy() *AssemblyStatus {
	out := *in
	out.Conditions = append([]metav1.Condition(nil), in.Conditions...)
	return &out
}
