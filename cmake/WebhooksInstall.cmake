# Install rules of the package `webhooks`: find_package(webhooks) gives webhooks::core, ::testing,
# ::webhooks and, as far as they are built, ::sqlite, ::postgresql, ::http_transport and ::http.

include(CMakePackageConfigHelpers)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/webhooks)
get_property(targets GLOBAL PROPERTY WEBHOOKS_TARGETS)

install(TARGETS ${targets} webhooks EXPORT webhooks)
install(EXPORT webhooks NAMESPACE webhooks:: FILE webhooksTargets.cmake
        DESTINATION ${package_directory})

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(WEBHOOKS_HTTP_ADAPTER)
    install(DIRECTORY adapters/http/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()

configure_package_config_file(cmake/webhooksConfig.cmake.in webhooksConfig.cmake
                              INSTALL_DESTINATION ${package_directory}
                              NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break what uses it.
write_basic_package_version_file(webhooksConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/webhooksConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/webhooksConfigVersion.cmake
              cmake/WebhooksDependencies.cmake cmake/FindCAres.cmake cmake/FindSOCI.cmake
        DESTINATION ${package_directory})
