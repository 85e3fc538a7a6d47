package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// The same manager as on the other side, so that either may restart on what the other has made.
	fieldOwner = client.FieldOwner("gpuopt-assembly")
	partIndex  = "spec.parts"
)

type reconciler struct {
	client.Client
	applied appliedMemory
}

func (r *reconciler) setUp(ctx context.Context, mgr ctrl.Manager, concurrency int) error {
	index := func(object client.Object) []string { return object.(*Assembly).Spec.Parts }
	if err := mgr.GetFieldIndexer().IndexField(ctx, &Assembly{}, partIndex, index); err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		For(&Assembly{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&corev1.ConfigMap{}).
		Watches(&Part{}, handler.EnqueueRequestsFromMapFunc(r.usersOf), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency}).
		Complete(r)
}

func (r *reconciler) usersOf(ctx context.Context, part client.Object) []reconcile.Request {
	var users AssemblyList
	// Only names are read, so nothing needs to be copied.
	err := r.List(ctx, &users, client.InNamespace(part.GetNamespace()),
		client.MatchingFields{partIndex: part.GetName()}, client.UnsafeDisableDeepCopy)
	if err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "users of a part cannot be listed")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(users.Items))
	for i := range users.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&users.Items[i])})
	}
	return requests
}

// Reconcile keeps one ConfigMap an assembly, which holds its weight and parts.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var assembly Assembly
	if err := r.Get(ctx, request.NamespacedName, &assembly); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !assembly.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	weight := int64(0)
	for _, name := range assembly.Spec.Parts {
		var part Part
		if err := r.Get(ctx, types.NamespacedName{Namespace: assembly.Namespace, Name: name}, &part); err != nil {
			return ctrl.Result{}, fmt.Errorf("part %s: %w", name, err)
		}
		weight += part.Spec.Weight
	}
	weight *= assembly.Spec.Quantity
	if err := r.applyChild(ctx, &assembly, weight); err != nil {
		return ctrl.Result{}, fmt.Errorf("applying the child: %w", err)
	}
	return ctrl.Result{}, r.applyStatus(ctx, &assembly, weight)
}

func (r *reconciler) applyChild(ctx context.Context, assembly *Assembly, weight int64) error {
	intent := corev1ac.ConfigMap(assembly.Name, assembly.Namespace).
		WithOwnerReferences(metav1ac.OwnerReference().
			WithAPIVersion(groupVersion.String()).WithKind("Assembly").WithName(assembly.Name).WithUID(assembly.UID).
			WithController(true).WithBlockOwnerDeletion(true)).
		WithData(map[string]string{
			"weight":   strconv.FormatInt(weight, 10),
			"quantity": strconv.FormatInt(assembly.Spec.Quantity, 10),
			"parts":    strings.Join(assembly.Spec.Parts, ","),
		})
	hash, err := digest(intent)
	if err != nil {
		return err
	}
	key := client.ObjectKeyFromObject(assembly)
	var live corev1.ConfigMap
	if err := r.Get(ctx, key, &live); client.IgnoreNotFound(err) != nil {
		return err
	} else if err == nil && r.applied.isNoOp(hash, &live) {
		return nil
	}
	if err := r.Apply(ctx, intent, fieldOwner, client.ForceOwnership); err != nil {
		return err
	}
	r.applied.remember(key, hash, ptr.Deref(intent.ResourceVersion, ""))
	return nil
}

func (r *reconciler) applyStatus(ctx context.Context, assembly *Assembly, weight int64) error {
	status := assembly.Status.deepCopy()
	status.ObservedGeneration = assembly.Generation
	status.Weight = weight
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type: "Ready", Status: metav1.ConditionTrue, Reason: "InForce", Message: "the child holds the weight",
		ObservedGeneration: assembly.Generation,
	})
	if equality.Semantic.DeepEqual(assembly.Status, *status) {
		return nil
	}
	intent := &AssemblyStatusApply{ObjectMetaApplyConfiguration: metav1ac.ObjectMeta()}
	intent.WithAPIVersion(groupVersion.String()).WithKind("Assembly")
	intent.WithName(assembly.Name).WithNamespace(assembly.Namespace).WithUID(assembly.UID)
	intent.Status = status
	return client.IgnoreNotFound(r.Status().Apply(ctx, intent, fieldOwner, client.ForceOwnership))
}
