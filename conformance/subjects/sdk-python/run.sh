#!/bin/sh
# Starts the interpreter with the Python of the SDK's virtual environment, which sdk-python/setup
# makes. The process that the kit signals is the server itself.
set -eu
here=$(dirname "$0")
exec "$here/../../../sdk-python/.venv/bin/python" "$here/interpreter.py"
