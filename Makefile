# Each target is one line of Python, so that it runs where there is no make: `python3 dev/tasks.py demo`.
PYTHON ?= python3
TARGETS := demo test test-all check site bench format environment lock clean

.PHONY: help $(TARGETS)

help:
	@echo "make demo      generate a starter, run its demo, build the site"
	@echo "make test      run the tests (make test-all: the slow ones too)"
	@echo "make check     lint, types, import contracts, decision log, generated files"
	@echo "make site      build the documentation into build/site"
	@echo "make bench     measure against named peers"
	@echo "make format    format the code"

$(TARGETS):
	@$(PYTHON) dev/tasks.py $@
