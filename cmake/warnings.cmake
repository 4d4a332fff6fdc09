# SPDX-License-Identifier: MIT
# The warnings every C target of the project is built with: clean under gcc 12 and clang 14, and later.

set(LIBEXEC_WARNING_FLAGS
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wcast-align)

function(libexec_warnings target)
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C>:${LIBEXEC_WARNING_FLAGS}>")
  if(LIBEXEC_WERROR)
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C>:-Werror>")
  endif()
endfunction()
