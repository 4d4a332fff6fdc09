# SPDX-License-Identifier: MIT
# What the tests need, found once for all folders that have some.

enable_testing()
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET GLOBAL cmocka)
