# Install rules of the package `webhooks`: for CMake, find_package(webhooks COMPONENTS core …) defines
# webhooks::core and so on; for pkg-config there is webhooks-core.pc and so on.

include(CMakePackageConfigHelpers)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/webhooks)
set(documentation_directory ${CMAKE_INSTALL_DATADIR}/doc)
set(webhooks_is_shared FALSE)
if(BUILD_SHARED_LIBS)
    set(webhooks_is_shared TRUE)
endif()

# webhooks_pkg_config(COMPONENT REQUIRES INTERNAL LINKED_PACKAGES LINKED_LIBRARIES): its .pc file.
# The libraries that a static library links are not listed as private: `pkg-config --static` would ask for static
# libraries of PostgreSQL and others as well.
file(RELATIVE_PATH pkg_config_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" /)
function(webhooks_pkg_config component requires internal linked_packages linked_libraries)
    set(libraries "-lwebhooks_${component}")
    if(NOT BUILD_SHARED_LIBS)
        list(APPEND requires ${linked_packages})
        list(APPEND libraries ${internal} ${linked_libraries})
    endif()
    list(JOIN requires ", " requires)
    list(JOIN libraries " " libraries)
    string(REPLACE _ - name webhooks-${component})
    configure_file(cmake/webhooks.pc.in ${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc COMPONENT development
            DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

set(webhooks_components "")
foreach(library IN LISTS WEBHOOKS_LIBRARIES)
    string(REPLACE webhooks:: "" component ${library})
    list(APPEND webhooks_components ${component})
    install(TARGETS webhooks_${component} EXPORT webhooks-${component}
            LIBRARY COMPONENT libraries NAMELINK_COMPONENT development
            ARCHIVE COMPONENT development)
    install(EXPORT webhooks-${component} NAMESPACE webhooks:: FILE webhooks-${component}.cmake
            DESTINATION ${package_directory} COMPONENT development)
endforeach()

# Static libraries need the internal ones as well; shared libraries contain them.
set(webhooks_internal_components "")
if(NOT BUILD_SHARED_LIBS)
    foreach(component IN ITEMS sql asio json)
        if(TARGET webhooks_${component})
            list(APPEND webhooks_internal_components ${component})
            install(TARGETS webhooks_${component} EXPORT webhooks-${component}
                    ARCHIVE COMPONENT development)
            install(EXPORT webhooks-${component} NAMESPACE webhooks::
                    FILE webhooks-${component}.cmake
                    DESTINATION ${package_directory} COMPONENT development)
        endif()
    endforeach()
endif()

webhooks_pkg_config(core "" -lwebhooks_json "libcrypto >= 3.0" -pthread)
webhooks_pkg_config(testing webhooks-core "" "" "")
if(WEBHOOKS_SQLITE)
    webhooks_pkg_config(sqlite webhooks-core -lwebhooks_sql sqlite3 "-lsoci_sqlite3;-lsoci_core")
endif()
if(WEBHOOKS_POSTGRESQL)
    webhooks_pkg_config(postgresql webhooks-core -lwebhooks_sql libpq
                        "-lsoci_postgresql;-lsoci_core")
endif()
if(WEBHOOKS_HTTP_TRANSPORT)
    webhooks_pkg_config(http_transport webhooks-core -lwebhooks_asio
                        "libssl >= 3.0;libcares >= 1.18" "")
endif()
if(WEBHOOKS_HTTP_ADAPTER)
    webhooks_pkg_config(http webhooks-core -lwebhooks_asio "libssl >= 3.0" -pthread)
endif()

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES CHANGELOG.md DESTINATION ${documentation_directory}/libwebhooks-dev
        COMPONENT development)
install(FILES LICENSE DESTINATION ${documentation_directory}/libwebhooks-dev
        RENAME copyright COMPONENT development)
install(FILES LICENSE DESTINATION ${documentation_directory}/libwebhooks${WEBHOOKS_ABI_VERSION}
        RENAME copyright COMPONENT libraries)
if(WEBHOOKS_HTTP_ADAPTER)
    install(DIRECTORY adapters/http/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
            COMPONENT development)
    install(FILES adapters/http/openapi.yaml DESTINATION ${documentation_directory}/libwebhooks-dev
            COMPONENT development)
    # The library contains the portal, and so what that is made of.
    set(portal_licences adapters/http/portal/VENDORED.md
                        adapters/http/portal/vendor/LICENSE.preact
                        adapters/http/portal/vendor/LICENSE.htm)
    install(FILES ${portal_licences} COMPONENT libraries
            DESTINATION ${documentation_directory}/libwebhooks${WEBHOOKS_ABI_VERSION})
endif()

configure_package_config_file(cmake/webhooksConfig.cmake.in webhooksConfig.cmake
                              INSTALL_DESTINATION ${package_directory}
                              NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a minor version may contain breaking changes.
write_basic_package_version_file(webhooksConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/webhooksConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/webhooksConfigVersion.cmake
              cmake/WebhooksDependencies.cmake cmake/FindCAres.cmake cmake/FindSOCI.cmake
        DESTINATION ${package_directory} COMPONENT development)

if(TARGET webhooks-server)
    file(RELATIVE_PATH to_libraries /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
    # The server's greeting explains how to try it with the receiver.
    set_target_properties(webhooks-server webhooks-receiver
                          PROPERTIES INSTALL_RPATH $ORIGIN/${to_libraries})
    install(TARGETS webhooks-server webhooks-receiver RUNTIME COMPONENT server)
    configure_file(packaging/webhooks-server.service.in webhooks-server.service @ONLY)
    include(ManPageOptions)
    webhooks_man_options(examples/server/config.schema.json man_options)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS examples/server/config.schema.json)
    configure_file(packaging/webhooks-server.1.in webhooks-server.1 @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/webhooks-server.1 COMPONENT server
            DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/webhooks-server.service COMPONENT server
            DESTINATION lib/systemd/system)
    install(FILES LICENSE RENAME copyright COMPONENT server
            DESTINATION ${documentation_directory}/webhooks-server)
    install(FILES ${portal_licences} COMPONENT server
            DESTINATION ${documentation_directory}/webhooks-server)
    install(FILES CHANGELOG.md adapters/http/openapi.yaml examples/server/config.schema.json
                  monitoring/alerts.yml monitoring/grafana.json
            DESTINATION ${documentation_directory}/webhooks-server COMPONENT server)
endif()
