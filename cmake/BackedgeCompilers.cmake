# Finds every compiler a plugin can be built for, and adds the plugins.
#
# A plugin's id, and the folder it stands in below lib/backedge/ (the same in the build tree and
# installed; `backedge cflags` looks there), is gcc-<major>-<machine> or llvm-<major>.
#
#   BACKEDGE_GCCS     ids of the gccs with plugin headers; for each id
#                     BACKEDGE_<id>_COMMAND, _VERSION, _PLUGIN_DIR, _INCLUDE
#   BACKEDGE_LLVMS    ids of the LLVMs >= 19 with headers; for each id
#                     BACKEDGE_<id>_COMMAND (llvm-config), _VERSION, _MAJOR, _INCLUDE
#   backedge_add_gcc_plugin(<id> <source>...)    adds the target backedge-<id>
#   backedge_add_llvm_plugin(<id> <source>...)   adds the target backedge-<id>
include_guard(GLOBAL)

# Lines that say what is left out, once each.
function(backedge_switched_off what why)
  message(STATUS "Backedge: no ${what}: ${why}")
endfunction()

function(backedge_run out)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text ERROR_QUIET RESULT_VARIABLE status
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    set(text "")
  endif()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Programs on PATH (and in dirs) that match a regular expression, natural order, newest last.
function(backedge_programs out regex)
  string(REPLACE ":" ";" path "$ENV{PATH}")
  set(found "")
  foreach(dir ${path})
    file(GLOB names RELATIVE ${dir} ${dir}/*gcc-* ${dir}/llvm-config*)
    foreach(name ${names})
      if(name MATCHES "^${regex}$")
        list(APPEND found ${dir}/${name})
      endif()
    endforeach()
  endforeach()
  list(SORT found COMPARE NATURAL)
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

function(backedge_find_gccs)
  set(ids "")
  set(BACKEDGE_GCC "" CACHE STRING "The gcc commands to build plugins for (empty: all found)")
  set(commands ${BACKEDGE_GCC})
  if(NOT commands)
    backedge_programs(commands "([a-z0-9_]+(-[a-z0-9_]+)*-)?gcc-[0-9]+")
  endif()
  foreach(command ${commands})
    backedge_run(version ${command} -dumpfullversion)
    backedge_run(machine ${command} -dumpmachine)
    backedge_run(dir ${command} -print-file-name=plugin)
    string(REGEX MATCH "^[0-9]+" major "${version}")
    set(id gcc-${major}-${machine})
    if(NOT version OR id IN_LIST ids OR id IN_LIST without)
      continue()
    endif()
    if(major LESS 11)
      list(APPEND without ${id})
      backedge_switched_off("plugin for ${command}" "gcc ${version} is older than 11")
    elseif(NOT EXISTS ${dir}/include/gcc-plugin.h)
      list(APPEND without ${id})
      backedge_switched_off("plugin for ${command}" "its plugin headers are missing (gcc-${major}-plugin-dev)")
    else()
      get_filename_component(dir ${dir} REALPATH)
      list(APPEND ids ${id})
      set(BACKEDGE_${id}_COMMAND ${command} PARENT_SCOPE)
      set(BACKEDGE_${id}_VERSION ${version} PARENT_SCOPE)
      set(BACKEDGE_${id}_PLUGIN_DIR ${dir} PARENT_SCOPE)
      set(BACKEDGE_${id}_INCLUDE ${dir}/include PARENT_SCOPE)
    endif()
  endforeach()
  if(NOT ids)
    backedge_switched_off("GCC plugin" "no gcc with plugin headers was found (gcc-12-plugin-dev)")
  endif()
  set(BACKEDGE_GCCS "${ids}" PARENT_SCOPE)
endfunction()

function(backedge_find_llvms)
  set(ids "")
  set(BACKEDGE_LLVM_CONFIG "" CACHE STRING
      "The llvm-config commands to build plugins for (empty: all found)")
  set(commands ${BACKEDGE_LLVM_CONFIG})
  if(NOT commands)
    backedge_programs(commands "llvm-config(-[0-9]+)?")
  endif()
  foreach(command ${commands})
    backedge_run(version ${command} --version)
    backedge_run(include ${command} --includedir)
    string(REGEX MATCH "^[0-9]+" major "${version}")
    set(id llvm-${major})
    if(NOT version OR id IN_LIST ids OR major LESS 19)
      continue()
    endif()
    if(NOT EXISTS ${include}/llvm-c/Core.h)
      backedge_switched_off("plugin for LLVM ${version}" "its headers are missing (llvm-${major}-dev)")
      continue()
    endif()
    list(APPEND ids ${id})
    set(BACKEDGE_${id}_COMMAND ${command} PARENT_SCOPE)
    set(BACKEDGE_${id}_VERSION ${version} PARENT_SCOPE)
    set(BACKEDGE_${id}_MAJOR ${major} PARENT_SCOPE)
    set(BACKEDGE_${id}_INCLUDE ${include} PARENT_SCOPE)
  endforeach()
  if(NOT ids)
    backedge_switched_off("LLVM plugin" "no LLVM 19 or newer was found (llvm-19-dev)")
  endif()
  set(BACKEDGE_LLVMS "${ids}" PARENT_SCOPE)
endfunction()

# What all plugins have in common. gcc cuts an argument's name at the first dash, so the file is
# called backedge.so for every compiler, each in a folder of its own.
function(backedge_add_plugin id)
  add_library(backedge-${id} MODULE ${ARGN})
  target_link_libraries(backedge-${id} PRIVATE backedge-core)
  set(where ${CMAKE_INSTALL_LIBDIR}/backedge/${id})
  # Loaded by way of the link in gcc's plugin folder, $ORIGIN is that folder.
  file(RELATIVE_PATH up /${where} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(backedge-${id} PROPERTIES
    PREFIX "" OUTPUT_NAME backedge
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/backedge/${id}
    INSTALL_RPATH "$ORIGIN/${up};$ORIGIN")
  install(TARGETS backedge-${id} LIBRARY DESTINATION ${where})
endfunction()

function(backedge_add_gcc_plugin id)
  backedge_add_plugin(${id} ${ARGN})
  # gcc has no shared libstdc++ loaded: loading one would double what the plugin costs.
  target_link_options(backedge-${id} PRIVATE -static-libstdc++ -static-libgcc)
  target_include_directories(backedge-${id} SYSTEM PRIVATE ${BACKEDGE_${id}_INCLUDE})
  target_compile_options(backedge-${id} PRIVATE -fno-rtti -fno-exceptions)
  message(STATUS "Backedge: GCC plugin for ${BACKEDGE_${id}_COMMAND} (${BACKEDGE_${id}_VERSION})")
  set_property(GLOBAL APPEND PROPERTY BACKEDGE_PLUGIN_LINKS ${id}=${BACKEDGE_${id}_PLUGIN_DIR})
endfunction()

function(backedge_add_llvm_plugin id)
  backedge_add_plugin(${id} ${ARGN})
  target_include_directories(backedge-${id} SYSTEM PRIVATE ${BACKEDGE_${id}_INCLUDE})
  message(STATUS "Backedge: LLVM plugin for ${BACKEDGE_${id}_VERSION}")
endfunction()
