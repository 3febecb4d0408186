# make dataset   the whole dataset in ./dual-bench, offline once installed
# make test      linter, formatter, type checker, tests
# Each installs what it needs into ./.venv, from the lock, the first time.

PYTHON ?= python3
TORCH ?= torch==2.13.0
BIN := .venv/bin
RUN := $(BIN)/python

.PHONY: dataset test verify legibility portability benchmark lock clean
.DELETE_ON_ERROR:

dataset: .venv/.installed
	$(RUN) -m builders build

test: .venv/.installed-harness
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(RUN) -m pytest

verify: .venv/.installed
	$(RUN) -m builders verify

legibility: .venv/.installed-legibility
	OMP_NUM_THREADS=1 $(RUN) -m builders legibility

# The same pixels with the oldest OpenCV, NumPy and Pillow, and without OpenCV's SIMD and IPP?
portability: .venv-portability/.installed
	.venv-portability/bin/python -m builders legibility --check
	OPENCV_IPP=disabled OPENCV_CPU_DISABLE=$(SIMD) .venv-portability/bin/python -m builders legibility --check
	OPENCV_IPP=disabled OPENCV_CPU_DISABLE=$(SIMD) $(RUN) -m builders legibility --check

SIMD := SSE4.1,SSE4.2,AVX,FP16,AVX2,FMA3,AVX512-SKX,AVX512-CNX,AVX512-ICL

benchmark: .venv/.installed
	$(RUN) -m tests.benchmarks.build_speed

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "dual-bench needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/.installed-legibility: .venv/.installed legibility.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r legibility.lock
	touch $@

# The harnesses and a framework, for the tests that run them. torch is not in the lock: which file
# is right depends on the machine, and its default on Linux brings several GB of CUDA.
.venv/.installed-harness: .venv/.installed harness.lock
	$(if $(TORCH),$(RUN) -m pip install --quiet --disable-pip-version-check $(TORCH))
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r harness.lock
	touch $@

.venv-portability/.installed: .venv/.installed
	$(PYTHON) -m venv .venv-portability
	grep -v -e '^#' requirements.lock | sed -e 's/ *\\$$//' -e '/--hash/d' \
	  -e '/^numpy==/d' -e '/^opencv-python-headless==/d' -e '/^pillow==/d' > .venv-portability/versions
	printf '%s\n' numpy==1.26.4 opencv-python-headless==4.10.0.84 pillow==10.4.0 >> .venv-portability/versions
	.venv-portability/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r .venv-portability/versions
	.venv-portability/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Raises every version to the newest; the pixel and figure tests say what that changes.
lock: .venv/.installed
	$(RUN) -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-annotate --custom-compile-command "make lock" \
	  --extra build --extra judge --extra api --extra vlmevalkit --extra dev \
	  pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-annotate --custom-compile-command "make lock" \
	  --constraints requirements.lock --no-emit-package opencv-python \
	  --extra legibility pyproject.toml -o legibility.lock

	echo 'torch; python_version < "3"' > .venv/no-torch
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	  --no-annotate --custom-compile-command "make lock" \
	  --constraints requirements.lock --overrides .venv/no-torch \
	  --extra harness pyproject.toml -o harness.lock

clean:
	rm -rf .venv .venv-portability dual-bench
