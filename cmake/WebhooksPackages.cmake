# `cpack -G DEB` builds three Debian packages; configure for it with -DBUILD_SHARED_LIBS=ON
# -DCMAKE_INSTALL_PREFIX=/usr (./dev packages).

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME webhooks)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # Each package has its own.
set(CPACK_PACKAGE_CONTACT "The webhooks project <webhooks@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL libraries development)
if(TARGET webhooks-server)
    list(APPEND CPACK_COMPONENTS_ALL server)
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Programs built with the libraries depend on their package.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/lib
                                                ${CMAKE_BINARY_DIR}/adapters/http)

set(CPACK_DEBIAN_LIBRARIES_PACKAGE_NAME libwebhooks${WEBHOOKS_ABI_VERSION})
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_LIBRARIES_DESCRIPTION "send webhooks from C++: shared libraries
The service, storage in SQLite and PostgreSQL, delivery over HTTP, and the
REST API.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libwebhooks-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libboost${Boost_VERSION_MAJOR}.${Boost_VERSION_MINOR}-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS libraries)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "send webhooks from C++: development files
Headers, and the files by which CMake and pkg-config find the libraries.")

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME webhooks-server)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_COMPONENT_SERVER_DEPENDS libraries)
set(CPACK_COMPONENT_SERVER_DESCRIPTION "server that sends webhooks, with a REST API
A service of systemd. It keeps its data in a SQLite file or a PostgreSQL
database. A receiver of webhooks, to try it with, is in the package, too.")

# The packages of a static build would lack what its libraries link.
if(NOT BUILD_SHARED_LIBS)
    set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_BINARY_DIR}/CPackOnlyShared.cmake)
    file(WRITE ${CPACK_PROJECT_CONFIG_FILE} "message(FATAL_ERROR \"Debian packages contain shared "
         "libraries: configure with -DBUILD_SHARED_LIBS=ON -DCMAKE_INSTALL_PREFIX=/usr, or run "
         "./dev packages\")\n")
endif()

include(CPack)
