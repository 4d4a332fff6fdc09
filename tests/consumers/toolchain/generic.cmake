# SPDX-License-Identifier: MIT
# As many a kernel has it.
set(CMAKE_SYSTEM_NAME Generic)
