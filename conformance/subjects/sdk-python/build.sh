#!/bin/sh
# Makes the virtual environment that run.sh runs in.
exec "$(dirname "$0")/../../../sdk-python/setup"
