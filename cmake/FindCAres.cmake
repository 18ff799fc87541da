# Finds c-ares if it has no CMake package file of its own (Debian 12).
#
# Target: CAres::cares.

find_path(CAres_INCLUDE_DIR ares.h)
find_library(CAres_LIBRARY cares)
if(CAres_INCLUDE_DIR AND EXISTS ${CAres_INCLUDE_DIR}/ares_version.h)
    file(STRINGS ${CAres_INCLUDE_DIR}/ares_version.h line REGEX "ARES_VERSION_STR ")
    string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" CAres_VERSION "${line}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAres REQUIRED_VARS CAres_LIBRARY CAres_INCLUDE_DIR
                                  VERSION_VAR CAres_VERSION)

if(CAres_FOUND AND NOT TARGET CAres::cares)
    add_library(CAres::cares UNKNOWN IMPORTED)
    set_target_properties(CAres::cares PROPERTIES
        IMPORTED_LOCATION ${CAres_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${CAres_INCLUDE_DIR})
endif()
