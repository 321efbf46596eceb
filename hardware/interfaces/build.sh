#!/usr/bin/env bash
# Builds the interfaces against the ROS 2 of the [ros] extra's wheels, as a wheel, and installs it:
#
#   hardware/interfaces/build.sh [PYTHON]    default: .venv/bin/python
#
# On a machine with a ROS 2 of its own, `colcon build` builds this folder like any other package.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${1:-$root/.venv/bin/python}
work=$root/build/interfaces
tools=$work/tools
for tool in gcc g++ cmake ninja; do
  command -v "$tool" >/dev/null || { echo "$0 needs $tool: on Debian apt install g++ cmake ninja-build" >&2; exit 1; }
done
if [ ! -e "$tools/complete" ]; then  # an environment of its own: the wheels' CMake files are edited
  rm -rf "$tools"
  "$python" -m venv "$tools"
  "$tools/bin/python" -m pip --disable-pip-version-check --quiet install --no-compile --no-deps \
    --requirement "$root/requirements-ros.lock" --requirement "$here/requirements.txt"
  # They name the Python that the wheels were built with.
  include=$("$tools/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  arrays=$("$tools/bin/python" -c 'import numpy; print(numpy.get_include())')
  find "$tools/share" -name '*.cmake' -exec sed -i -E \
    -e "s|/opt/python/[^;\" ]*/numpy/_core/include|$arrays|g" \
    -e "s|/opt/python/[^;\" ]*/include/python3\.[0-9]+|$include|g" {} +
  touch "$tools/complete"
fi
rm -rf "$work/build" "$work/prefix"
export PATH=$tools/bin:$PATH AMENT_PREFIX_PATH=$tools CMAKE_PREFIX_PATH=$tools LD_LIBRARY_PATH=$tools/lib
cmake -S "$here" -B "$work/build" -G Ninja -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Release \
  -DPython3_EXECUTABLE="$tools/bin/python" -DPython3_FIND_VIRTUALENV=ONLY \
  -DCMAKE_INSTALL_PREFIX="$work/prefix" >"$work/log" || { tail -n 20 "$work/log" >&2; exit 1; }
cmake --build "$work/build" --target install >>"$work/log" || { tail -n 20 "$work/log" >&2; exit 1; }
wheel=$("$tools/bin/python" "$here/pack.py" "$work/prefix" "$work")
unset AMENT_PREFIX_PATH CMAKE_PREFIX_PATH LD_LIBRARY_PATH
"$python" -m pip --disable-pip-version-check --quiet install --no-deps --force-reinstall "$wheel"
echo "installed $(basename "$wheel")"
