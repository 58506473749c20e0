# Installs the library and a package for find_package(dedalus CONFIG COMPONENTS testing sqlite postgres).
include(CMakePackageConfigHelpers)

set(dedalus_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dedalus)

install(TARGETS dedalus EXPORT dedalus_targets FILE_SET HEADERS)
install(TARGETS dedalus_testing EXPORT dedalus_testing_targets FILE_SET HEADERS)
install(TARGETS dedalus-testserver)
if(TARGET dedalus-runs)
    install(TARGETS dedalus-runs)
endif()

install(
    EXPORT dedalus_targets
    NAMESPACE dedalus::
    FILE dedalusTargets.cmake
    DESTINATION ${dedalus_package_dir}
)
install(
    EXPORT dedalus_testing_targets
    NAMESPACE dedalus::
    FILE dedalusTestingTargets.cmake
    DESTINATION ${dedalus_package_dir}
)

set(dedalus_built_components testing)
if(DEDALUS_BUILD_SQLITE)
    list(APPEND dedalus_built_components sqlite)
    install(TARGETS dedalus_sqlite EXPORT dedalus_sqlite_targets FILE_SET HEADERS)
    install(
        EXPORT dedalus_sqlite_targets
        NAMESPACE dedalus::
        FILE dedalusSqliteTargets.cmake
        DESTINATION ${dedalus_package_dir}
    )
endif()

if(DEDALUS_BUILD_POSTGRES)
    list(APPEND dedalus_built_components postgres)
    install(TARGETS dedalus_postgres EXPORT dedalus_postgres_targets FILE_SET HEADERS)
    install(
        EXPORT dedalus_postgres_targets
        NAMESPACE dedalus::
        FILE dedalusPostgresTargets.cmake
        DESTINATION ${dedalus_package_dir}
    )
endif()

configure_package_config_file(
    cmake/dedalusConfig.cmake.in ${PROJECT_BINARY_DIR}/dedalusConfig.cmake INSTALL_DESTINATION ${dedalus_package_dir}
)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dedalusConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/dedalusConfig.cmake ${PROJECT_BINARY_DIR}/dedalusConfigVersion.cmake
        DESTINATION ${dedalus_package_dir}
)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
