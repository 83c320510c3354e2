# What is installed, and the Debian package. Read last: the targets exist.
include(CMakePackageConfigHelpers)

# The build tree has the layout of the installed one, so that the command finds its plugins in both.
set_target_properties(backedge-core PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(runtime_headers ${CMAKE_SOURCE_DIR}/runtime/include)
if(EXISTS ${runtime_headers}/backedge.h)
  configure_file(${runtime_headers}/backedge.h ${CMAKE_BINARY_DIR}/include/backedge.h COPYONLY)
  install(FILES ${runtime_headers}/backedge.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()

install(TARGETS backedge-core EXPORT BackedgeTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY mlir/include/backedge DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES docs/backedge.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES cli/completion.bash RENAME backedge
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# For those who write passes or compiler plugins of their own.
set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Backedge)
configure_package_config_file(cmake/BackedgeConfig.cmake.in generated/BackedgeConfig.cmake
                              INSTALL_DESTINATION ${cmake_dir}
                              PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_BINDIR)
write_basic_package_version_file(generated/BackedgeConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(EXPORT BackedgeTargets NAMESPACE Backedge:: DESTINATION ${cmake_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/generated/BackedgeConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/generated/BackedgeConfigVersion.cmake
        DESTINATION ${cmake_dir})
# What users of the installed library include differs from what the build includes.
get_target_property(core_includes backedge-core INTERFACE_INCLUDE_DIRECTORIES)
set_target_properties(backedge-core PROPERTIES
  EXPORT_NAME core
  INTERFACE_INCLUDE_DIRECTORIES "$<BUILD_INTERFACE:${core_includes}>"
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "$<BUILD_INTERFACE:${MLIR_C_INCLUDE}>")
file(RELATIVE_PATH pc_up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/backedge.pc.in generated/backedge.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/generated/backedge.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# gcc looks for -fplugin=backedge in its own plugin folder: links there lead to the plugin, and to
# the library, which the plugin looks for beside the path it was loaded by.
option(BACKEDGE_GCC_LINKS "Install links in each gcc's own plugin folder" ON)
get_property(gcc_links GLOBAL PROPERTY BACKEDGE_PLUGIN_LINKS)
foreach(link ${gcc_links})
  if(BACKEDGE_GCC_LINKS)
    string(REPLACE "=" ";" link ${link})
    list(GET link 0 id)
    list(GET link 1 folder)
    install(CODE "
      set(folder \"\$ENV{DESTDIR}${folder}\")
      set(libdir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}\")
      message(STATUS \"Linking from: \${folder}\")
      execute_process(COMMAND mkdir -p \"\${folder}\")
      execute_process(
        COMMAND ln -sfn \"\${libdir}/backedge/${id}/backedge.so\"
                \"\${libdir}/libbackedge.so.${PROJECT_VERSION_MAJOR}\" \"\${folder}/\"
        RESULT_VARIABLE status)
      if(status)
        message(WARNING \"-fplugin=backedge will not be found by ${id}: use backedge cflags\")
      endif()")
  endif()
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME backedge)
set(CPACK_PACKAGE_CONTACT "Backedge developers <backedge@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gcc, clang-19, lld-19, mlir-19-tools")
include(CPack)
