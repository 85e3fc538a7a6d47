package main

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// countObjects shows how many objects of a kind are cached, by the name that the other side uses.
func countObjects(mapper meta.RESTMapper, scheme *runtime.Scheme, object client.Object, informer cache.Informer) error {
	shared, ok := informer.(toolscache.SharedIndexInformer)
	if !ok {
		return fmt.Errorf("the informer of %T tells no count", object)
	}
	gvk, err := apiutil.GVKForObject(object, scheme)
	if err != nil {
		return err
	}
	mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return err
	}
	return metrics.Registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "informer_objects",
		Help:        "Objects in the cache",
		ConstLabels: prometheus.Labels{"kind": mapping.Resource.GroupResource().String()},
	}, func() float64 { return float64(len(shared.GetStore().ListKeys())) }))
}
