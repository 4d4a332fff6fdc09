# SPDX-License-Identifier: MIT
# The core as a plain list of sources, for a kernel that compiles it with flags of its own. Defines no target:
#
#   include(path/to/libexec/sources.cmake)
#   target_sources(kernel PRIVATE ${LIBEXEC_SOURCES})
#   target_include_directories(kernel PRIVATE ${LIBEXEC_INCLUDE_DIR})
#
# The list itself stands in sources.txt beside this file, one name a line; every other way to build the core reads it.

file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/sources.txt" LIBEXEC_SOURCES REGEX "^[a-z]")
list(TRANSFORM LIBEXEC_SOURCES PREPEND "${CMAKE_CURRENT_LIST_DIR}/")

# A changed list must configure again, as a changed CMakeLists.txt would.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/sources.txt")

# In the repository the headers stand beside this folder; an installed copy is told where they went.
set(LIBEXEC_INCLUDE_DIR "${CMAKE_CURRENT_LIST_DIR}/../include")
if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/installed.cmake")
  include("${CMAKE_CURRENT_LIST_DIR}/installed.cmake")
endif()
get_filename_component(LIBEXEC_INCLUDE_DIR "${LIBEXEC_INCLUDE_DIR}" ABSOLUTE)
