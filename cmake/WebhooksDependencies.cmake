# Finds the dependencies of each component. Also installed with the package, for its config file.

# webhooks_find_for(COMPONENT APT PACKAGE ARGUMENTS...): find_package(PACKAGE ARGUMENTS...). If
# that fails, webhooks_missing_COMPONENT says what to install.
macro(webhooks_find_for component apt package)
    find_package(${package} ${ARGN} QUIET)
    if(NOT ${package}_FOUND)
        string(REPLACE ";" " " webhooks_wanted "${package};${ARGN}")
        string(APPEND webhooks_missing_${component}
               "webhooks::${component} needs ${webhooks_wanted}: apt-get install ${apt}\n")
    endif()
endmacro()

# webhooks_find_dependencies(COMPONENT IS_SHARED): shared libraries record what they link.
macro(webhooks_find_dependencies component is_shared)
    set(webhooks_missing_${component} "")
    if("${component}" STREQUAL "core")
        webhooks_find_for(core "libboost1.81-dev (Debian 12) or libboost-dev" Boost 1.81
                          CONFIG COMPONENTS headers)
    endif()
    if(NOT ${is_shared})
        if("${component}" STREQUAL "core")
            webhooks_find_for(core libc6-dev Threads)
            webhooks_find_for(core libssl-dev OpenSSL 3.0)
        elseif("${component}" STREQUAL "sqlite")
            webhooks_find_for(sqlite libsqlite3-dev SQLite3)
            webhooks_find_for(sqlite libsoci-dev SOCI 4.0 COMPONENTS sqlite3)
        elseif("${component}" STREQUAL "postgresql")
            webhooks_find_for(postgresql libpq-dev PostgreSQL)
            webhooks_find_for(postgresql libsoci-dev SOCI 4.0 COMPONENTS postgresql)
        elseif("${component}" STREQUAL "http_transport")
            webhooks_find_for(http_transport libssl-dev OpenSSL 3.0)
            webhooks_find_for(http_transport libc-ares-dev CAres 1.18)
        elseif("${component}" STREQUAL "http")
            webhooks_find_for(http libssl-dev OpenSSL 3.0)
        endif()
    endif()
endmacro()
