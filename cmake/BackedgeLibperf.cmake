# libperf opens the kernel's events and reads their rings. Debian 12 has it only as source: it is
# built from there when the system has none. Sets BACKEDGE_LIBPERF_FOUND; the target is
# backedge-libperf.
option(BACKEDGE_LIBPERF "Record the kernel's events, with libperf (GPL-2.0)" ON)
set(BACKEDGE_LIBPERF_FOUND OFF)
add_library(backedge-libperf INTERFACE)
if(NOT BACKEDGE_LIBPERF)
  return()
endif()

find_path(LIBPERF_INCLUDE perf/evlist.h)
find_library(LIBPERF_LIBRARY perf)
if(LIBPERF_INCLUDE AND LIBPERF_LIBRARY)
  set(BACKEDGE_LIBPERF_FOUND ON)
  target_include_directories(backedge-libperf SYSTEM INTERFACE ${LIBPERF_INCLUDE})
  target_link_libraries(backedge-libperf INTERFACE ${LIBPERF_LIBRARY})
  return()
endif()

file(GLOB tarballs /usr/src/linux-source-*.tar.xz)
list(SORT tarballs COMPARE NATURAL ORDER DESCENDING)
if(NOT tarballs)
  message(STATUS "No libperf, no linux-source-6.1: 'backedge record' will have no kernel events")
  return()
endif()
list(GET tarballs 0 tarball)
set(BACKEDGE_LIBPERF_FOUND ON)
set(folder ${CMAKE_BINARY_DIR}/libperf)
set(archives ${folder}/out/libperf.a ${folder}/out/libapi.a)
add_custom_command(OUTPUT ${archives} COMMENT "Building libperf from ${tarball}"
  COMMAND ${CMAKE_SOURCE_DIR}/cmake/libperf.sh ${tarball} ${folder}
  DEPENDS ${tarball} ${CMAKE_SOURCE_DIR}/cmake/libperf.sh VERBATIM)
add_custom_target(backedge-libperf-build DEPENDS ${archives})
target_include_directories(backedge-libperf SYSTEM INTERFACE ${folder}/tools/lib/perf/include)
target_link_libraries(backedge-libperf INTERFACE ${archives})
