# make demo     rewrite one real draft offline, and see why
# make test     everything that is checked: style, types, licences, tests, and the wheel in a clean environment
# make release  build into dist/, list what it brings, and try it on every Python that is here
# make clean    remove what was built

PYTHON ?= python3
BIN := .venv/bin

DRAFT := 呵呵，大哥，这个没办法的，是仓库发错了。
CUSTOMER := 我买的耳机怎么发错颜色了？太让人失望了！

.PHONY: demo test release clean

demo: .venv/installed
	@echo '$$ replykit rewrite "$(DRAFT)" --customer "$(CUSTOMER)" --offline'
	@$(BIN)/replykit rewrite "$(DRAFT)" --customer "$(CUSTOMER)" --offline
	@echo
	@echo '$$ replykit check "$(DRAFT)"'
	@$(BIN)/replykit check "$(DRAFT)" || test $$? -eq 1

test: .venv/tested
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python scripts/write_dependencies.py --check
	scripts/test_wheel.sh $(BIN)/python
	$(BIN)/pytest -n auto

release: .venv/tested
	rm -rf dist
	scripts/test_release.sh $(BIN)/python dist

clean:
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are older than pyproject.toml only when it has changed.
.venv/installed: pyproject.toml
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --upgrade pip
	@$(BIN)/python -m pip install -q -e .
	@touch $@

.venv/tested: .venv/installed
	@$(BIN)/python -m pip install -q --group dev
	@touch $@
