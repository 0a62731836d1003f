# For those who work on the portal; to run or test it, ./portal is enough.
.DEFAULT_GOAL := help
PY := .venv/bin/python
CODE := contracts services gateway deploy tests $(wildcard benchmarks/*.py)

.PHONY: help venv check fix lint types walls test up contracts durations mail-preview bench lock axe screenshots

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

venv: ## fill .venv from both locks
	@python3 -B -m deploy.local.venv requirements.lock requirements-dev.lock

check: lint types walls ## all that needs no server: lint, types, walls

fix: venv ## mend what can be mended and format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lint: venv ## ruff's rules and format
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: venv ## mypy --strict
	.venv/bin/mypy --strict $(CODE)

walls: venv ## what each room may import
	.venv/bin/lint-imports importlinter.ini

test: ## ./portal test; ARGS="tests/exams -k release" narrows it
	./portal test $(ARGS)

up: ## ./portal up
	./portal up $(ARGS)

contracts: venv ## make schemas, AsyncAPI and OpenAPI anew from the code
	$(PY) -m contracts.generate
	$(PY) -m deploy.openapi

faults: venv ## kill -9 more often than the tests do; ARGS as for test
	FAULT_KILLS=25 ./portal test tests/faults $(ARGS)

durations: venv ## whether known and unknown users, codes and people take as long: 500 tries each
	DURATION_TRIES=500 ./portal test tests/security/test_same_duration.py $(ARGS)

axe: venv ## every page in both languages, light and dark, at three widths, for everybody who may open it
	AXE_IN_FULL=1 ./portal test tests/browser/test_accessibility.py $(ARGS)

mail-preview: venv ## write every letter, in both languages, to var/mail-preview
	$(PY) -m services.notifier.preview var/mail-preview

screenshots: venv ## write a picture of each screen to var/screenshots
	$(PY) -m tests.browser.screenshots var/screenshots

bench: venv ## the main job beside Orthanc and genisoimage; ARGS="--slices 100"
	$(PY) -m benchmarks.main_job $(ARGS)

lock: ## make the locks anew from requirements*.in (needs uv)
	uv pip compile --quiet --upgrade $(LOCKING) requirements.in --output-file requirements.lock
	uv pip compile --quiet --upgrade $(LOCKING) requirements-dev.in --output-file requirements-dev.lock

LOCKING := --universal --generate-hashes --no-header --no-annotate --only-binary :all: --python-version 3.11
