# Finds what the chosen parts need. Installed with the package, which includes it too.

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS headers)
if(WEBHOOKS_SQLITE)
    find_package(SQLite3 REQUIRED)
    find_package(SOCI 4.0 REQUIRED COMPONENTS sqlite3)
endif()
if(WEBHOOKS_HTTP_ADAPTER)
    find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS json)
endif()
