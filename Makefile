.PHONY: demo test bench bench-learner bench-study fuzz check build

# The demo district in a browser: builds, loads, serves on http://127.0.0.1:8080 and
# prints a sign-in link for each role. Needs Go and nothing else.
demo: build
	./waymark demo --data waymark-demo

build:
	CGO_ENABLED=0 go build -trimpath -o waymark ./cmd/waymark

# Everything that must hold: installs what tests need (as root), starts it, stops it.
test:
	@test/run

# What `make test` runs, on a machine that has what it needs.
check:
	@./check

# Figures, on both databases. Takes long; `go run ./test/bench -quick` is a taste of it.
bench:
	@test/bench/run
	@go test -run "^$$" -bench . -benchtime 1x -timeout 40m ./internal/assign ./internal/flex ./internal/group

# Figures of the learner model: make bench-learner DATA=folder of given logs; without one, logs are drawn.
bench-learner:
	@go run ./test/bench/learner -data "$(DATA)"

# The evidence engine beside reference results in a folder, and on a pool of students:
# make bench-study DATA=folder POOL=students.csv; without them, how often its answers are true.
bench-study:
	@go run ./test/bench/study -data "$(DATA)" -speed "$(POOL)" -simulate 200

# Every fuzz target for a while: make fuzz FUZZTIME=60s
FUZZTIME ?= 30s
fuzz:
	@FUZZTIME=$(FUZZTIME) test/fuzz
