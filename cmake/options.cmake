# SPDX-License-Identifier: MIT
# What can be chosen at configure time. A project that takes libexec in by add_subdirectory() gets the library (and
# the port, where it fits the processor) and nothing else.

option(LIBEXEC_BUILD_KIT "Build the test kit, a fake host for tests of kernels, and execplan" ${PROJECT_IS_TOP_LEVEL})
option(LIBEXEC_BUILD_TESTS "Build the tests (needs CMocka and Python 3)" ${PROJECT_IS_TOP_LEVEL})
option(LIBEXEC_BUILD_EXAMPLES "Build the sample kernel and its programs" OFF)
option(LIBEXEC_INSTALL "Add install rules" ${PROJECT_IS_TOP_LEVEL})
option(LIBEXEC_WERROR "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})
option(LIBEXEC_STATIC_PROGRAMS_ONLY "Leave interpreters and scripts out of the core" OFF)
# The capacities of <libexec/config.h>, for the library and all that is linked with it.
set(LIBEXEC_SEGMENTS "" CACHE STRING "PT_LOAD segments that an image may have; empty: the default")
set(LIBEXEC_HEADER_BYTES "" CACHE STRING "Bytes that the first read of a file asks for; empty: the default")
set(LIBEXEC_NAME_BYTES "" CACHE STRING "Bytes for names in the exec object; empty: the default")
set(LIBEXEC_SANITIZE "" CACHE STRING "Sanitizers for host code, as for -fsanitize=, for example address,undefined")

# What the compiler compiles for is asked of the compiler: a kernel's toolchain file need not name the processor.
# Nothing is linked for it. clang only warns of a flag that its target does not have; that it names the flag is the
# answer, as other warnings may come of flags that the kernel gives to every compilation.
include(CheckCSourceCompiles)
function(libexec_ask_compiler)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  foreach(processor x86_64 aarch64)
    string(TOUPPER ${processor} name)
    check_c_source_compiles("#ifndef __${processor}__\n#error another one\n#endif\nextern int libexec;"
      LIBEXEC_FOR_${name})
  endforeach()
  set(CMAKE_REQUIRED_FLAGS -mno-red-zone)
  check_c_source_compiles("extern int libexec;" LIBEXEC_TAKES_NO_RED_ZONE FAIL_REGEX "'-mno-red-zone'")
  set(CMAKE_REQUIRED_FLAGS -mgeneral-regs-only)
  check_c_source_compiles("extern int libexec;" LIBEXEC_TAKES_GENERAL_REGS_ONLY FAIL_REGEX "'-mgeneral-regs-only'")
endfunction()
libexec_ask_compiler()

# ON or OFF, as what was asked is 1 or nothing
foreach(name X86_64 AARCH64)
  if(LIBEXEC_FOR_${name})
    set(for_${name} ON)
  else()
    set(for_${name} OFF)
  endif()
endforeach()
option(LIBEXEC_BUILD_PORT_X86_64 "Build the x86-64 port" ${for_X86_64})
option(LIBEXEC_BUILD_PORT_AARCH64 "Build the AArch64 port" ${for_AARCH64})
# Those that are built.
set(libexec_ports "")
foreach(port x86_64 aarch64)
  string(TOUPPER ${port} name)
  if(LIBEXEC_BUILD_PORT_${name} AND NOT LIBEXEC_FOR_${name})
    message(FATAL_ERROR "libexec: LIBEXEC_BUILD_PORT_${name} is ON, and the compiler is for another processor")
  endif()
  if(LIBEXEC_BUILD_PORT_${name})
    list(APPEND libexec_ports ${port})
  endif()
endforeach()

# The library's own targets are compiled as a kernel compiles its files: an interrupt may come at any instruction, and
# the vector registers are the user program's. Host programs link such objects too, under the sanitizers and with
# counters for coverage as well: the flags change which registers are used, and nothing at a call.
set(LIBEXEC_KERNEL_FLAGS -ffreestanding -fno-stack-protector)
if(LIBEXEC_TAKES_NO_RED_ZONE)
  list(APPEND LIBEXEC_KERNEL_FLAGS -mno-red-zone)
endif()
if(LIBEXEC_TAKES_GENERAL_REGS_ONLY)
  list(APPEND LIBEXEC_KERNEL_FLAGS -mgeneral-regs-only)
endif()

if(LIBEXEC_BUILD_TESTS AND NOT LIBEXEC_BUILD_KIT)
  message(FATAL_ERROR "libexec: LIBEXEC_BUILD_TESTS needs LIBEXEC_BUILD_KIT")
endif()

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

if(LIBEXEC_SANITIZE)
  add_compile_options(-fsanitize=${LIBEXEC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LIBEXEC_SANITIZE})
endif()
