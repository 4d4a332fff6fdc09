# SPDX-License-Identifier: MIT
# A cross compiler for Linux on LIBEXEC_PROCESSOR. Linked statically, as the emulation has none of its libraries.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${LIBEXEC_PROCESSOR})
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LIBEXEC_PROCESSOR)
