// Command runtime-go is the baseline of the runtime's benchmark: the same controller as in ../runtime-ts, written with
// controller-runtime as its authors advise.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	// controller-runtime itself registers --kubeconfig.
	address := flag.String("address", "127.0.0.1:0", "host and port of /metrics and /readyz")
	concurrency := flag.Int("concurrency", 16, "passes at once")
	flag.Parse()
	if err := run(ctrl.SetupSignalHandler(), *address, *concurrency); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address string, concurrency int) error {
	ctrl.SetLogger(zap.New(zap.UseDevMode(false)))
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	addToScheme(scheme)
	// As controller-runtime loads it, without a rate limit of the client's own.
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	var synced atomic.Bool
	ready := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !synced.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme,
		Cache: cache.Options{
			DefaultTransform: cache.TransformStripManagedFields(),
			ByObject:         map[client.Object]cache.ByObject{&corev1.Pod{}: {Transform: stripPod}},
		},
		// Without it a pass that its own child has woken does not see its own status yet and writes it once more.
		Client: client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: ptr.To(true)}},
		Metrics: metricsserver.Options{
			BindAddress:   address,
			ExtraHandlers: map[string]http.Handler{"/readyz": ready},
		},
	})
	if err != nil {
		return err
	}
	// All kinds are asked for before the start, so that "synced" is about all of them.
	for _, object := range []client.Object{&Assembly{}, &Part{}, &corev1.ConfigMap{}, &corev1.Pod{}} {
		informer, err := mgr.GetCache().GetInformer(ctx, object)
		if err != nil {
			return err
		}
		if err := countObjects(mgr.GetRESTMapper(), scheme, object, informer); err != nil {
			return err
		}
	}
	go func() { synced.Store(mgr.GetCache().WaitForCacheSync(ctx)) }()
	r := &reconciler{Client: mgr.GetClient(), applied: appliedMemory{last: map[types.NamespacedName]applied{}}}
	if err := r.setUp(ctx, mgr, concurrency); err != nil {
		return err
	}
	return mgr.Start(ctx)
}
