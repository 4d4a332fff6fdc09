# SPDX-License-Identifier: MIT
# What `cmake --install` lays down: headers, archives, the CMake package, the sources for those who compile the core
# with flags of their own, and pkg-config files that name both.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/libexec")
set(source_dir "${CMAKE_INSTALL_DATADIR}/libexec/src")
set(port_dir "${CMAKE_INSTALL_DATADIR}/libexec/port")
set(generated_dir "${CMAKE_CURRENT_BINARY_DIR}/install")

set(installed_targets libexec)
foreach(part kit port_x86_64 port_aarch64)
  if(TARGET libexec_${part})
    set_target_properties(libexec_${part} PROPERTIES EXPORT_NAME ${part})
    list(APPEND installed_targets libexec_${part})
  endif()
endforeach()

install(TARGETS ${installed_targets} EXPORT libexec-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY include/libexec DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/libexec")

# The CMake package.
install(EXPORT libexec-targets NAMESPACE libexec:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/libexec-config.cmake.in "${generated_dir}/libexec-config.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS source_dir port_dir)
write_basic_package_version_file("${generated_dir}/libexec-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${generated_dir}/libexec-config.cmake" "${generated_dir}/libexec-config-version.cmake"
  DESTINATION "${package_dir}")

# The sources.
include("${CMAKE_CURRENT_SOURCE_DIR}/libexec/sources.cmake")
file(RELATIVE_PATH include_from_source
  "${CMAKE_INSTALL_PREFIX}/${source_dir}" "${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}")
file(CONFIGURE OUTPUT "${generated_dir}/installed.cmake" @ONLY CONTENT
"set(LIBEXEC_INCLUDE_DIR \"\${CMAKE_CURRENT_LIST_DIR}/@include_from_source@\")\n")
install(DIRECTORY libexec/ DESTINATION "${source_dir}" FILES_MATCHING PATTERN "*.h")
install(FILES ${LIBEXEC_SOURCES} libexec/sources.txt libexec/sources.cmake "${generated_dir}/installed.cmake"
  DESTINATION "${source_dir}")
foreach(port ${libexec_ports})
  include("${CMAKE_CURRENT_SOURCE_DIR}/port/${port}/sources.cmake")
  install(DIRECTORY port/${port}/include/libexec DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
  install(DIRECTORY port/${port} DESTINATION "${port_dir}"
    PATTERN tests EXCLUDE PATTERN CMakeLists.txt EXCLUDE)
endforeach()

# pkg-config. Paths are relative to the file, so that the tree may be moved.
set(pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH prefix_from_pc "${CMAKE_INSTALL_PREFIX}/${pc_dir}" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
list(TRANSFORM LIBEXEC_SOURCES REPLACE "^.*/" "\${sourcedir}/" OUTPUT_VARIABLE pc_sources)
list(JOIN pc_sources " " pc_sources)
get_target_property(definitions libexec INTERFACE_COMPILE_DEFINITIONS)
if(definitions)
  list(TRANSFORM definitions PREPEND " -D")
  list(JOIN definitions "" pc_definitions)
endif()
configure_file(cmake/libexec.pc.in "${generated_dir}/libexec.pc" @ONLY)
install(FILES "${generated_dir}/libexec.pc" DESTINATION "${pc_dir}")
foreach(port ${libexec_ports})
  string(TOUPPER ${port} name)
  list(TRANSFORM LIBEXEC_PORT_${name}_SOURCES REPLACE "^.*/" "\${sourcedir}/" OUTPUT_VARIABLE pc_port_sources)
  list(JOIN pc_port_sources " " pc_port_sources)
  configure_file(cmake/libexec-port.pc.in "${generated_dir}/libexec-port-${port}.pc" @ONLY)
  install(FILES "${generated_dir}/libexec-port-${port}.pc" DESTINATION "${pc_dir}")
endforeach()
