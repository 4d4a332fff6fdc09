# SPDX-License-Identifier: MIT
# Why an aim is missed: printed in docs/performance.md beside each figure that does not reach its aim.

REASONS = {}


def why(name):
    return REASONS.get(name, "The cause is in the profile below.")
