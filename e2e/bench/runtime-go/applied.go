package main

import (
	"crypto/sha1"
	"encoding/json"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// appliedMemory remembers what was applied, as Cluster API does in internal/util/ssa: an apply of the same intent to
// the version that the last one answered would change nothing and is not sent.
type appliedMemory struct {
	mu   sync.Mutex
	last map[types.NamespacedName]applied
}

type applied struct {
	intent  [sha1.Size]byte
	version string
}

// digest must be taken before the apply, which overwrites the intent with the answer.
func digest(intent any) ([sha1.Size]byte, error) {
	text, err := json.Marshal(intent)
	return sha1.Sum(text), err
}

func (m *appliedMemory) isNoOp(intent [sha1.Size]byte, live client.Object) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last[client.ObjectKeyFromObject(live)] == applied{intent, live.GetResourceVersion()}
}

func (m *appliedMemory) remember(key types.NamespacedName, intent [sha1.Size]byte, version string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last[key] = applied{intent, version}
}
