# SPDX-License-Identifier: MIT
# The AArch64 port as a plain list of sources, for a kernel that compiles it with flags of its own. Defines no target.
# The list stands in sources.txt beside this file. facts.c runs anywhere; start.c is for EL1.

file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/sources.txt" LIBEXEC_PORT_AARCH64_SOURCES REGEX "^[a-z]")
list(TRANSFORM LIBEXEC_PORT_AARCH64_SOURCES PREPEND "${CMAKE_CURRENT_LIST_DIR}/")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/sources.txt")
set(LIBEXEC_PORT_AARCH64_INCLUDE_DIR "${CMAKE_CURRENT_LIST_DIR}/include")
