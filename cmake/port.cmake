# SPDX-License-Identifier: MIT
# libexec_port(NAME): the port in this folder as a library, libexec::port_NAME, from its list of sources.

function(libexec_port name)
  string(TOUPPER ${name} upper)
  include(sources.cmake)
  add_library(libexec_port_${name} STATIC ${LIBEXEC_PORT_${upper}_SOURCES})
  add_library(libexec::port_${name} ALIAS libexec_port_${name})
  set_target_properties(libexec_port_${name} PROPERTIES
    OUTPUT_NAME exec_port_${name} C_STANDARD 17 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  target_include_directories(libexec_port_${name} PUBLIC
    "$<BUILD_INTERFACE:${LIBEXEC_PORT_${upper}_INCLUDE_DIR}>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(libexec_port_${name} PUBLIC libexec)
  target_compile_options(libexec_port_${name} PRIVATE ${LIBEXEC_KERNEL_FLAGS})
  libexec_warnings(libexec_port_${name})
endfunction()
