#!/usr/bin/env bash
# run.sh: what action.yml runs after the installation. galley itself writes annotations and the job's summary.
set -euo pipefail
[ -z "${GALLEY_WANTED_ENGINE:-}" ] || export GALLEY_ENGINE=$GALLEY_WANTED_ENGINE
[ -z "${GALLEY_JUNIT:-}" ] || export GALLEY_REPORT="${GALLEY_REPORT:+$GALLEY_REPORT }junit=$GALLEY_JUNIT"
eval "exec galley $GALLEY_ARGS"
