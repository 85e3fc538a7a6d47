module gpuoptimizer.io/e2e/certs

go 1.26.0
