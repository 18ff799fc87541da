# Settings shared by all targets. Nothing here changes global flags.

function(webhooks_compile_options target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
    # GCC 12 sees overlaps in "text" + std::string (its bug 105651, fixed in 13).
    target_compile_options(${target} PRIVATE
        $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
    if(WEBHOOKS_WARNINGS_AS_ERRORS)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()

# For programs of Catch2 tests: their macros take GCC three times as long to optimize as to compile,
# and the library that they test is optimized anyway.
function(webhooks_test_options target)
    webhooks_compile_options(${target})
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)
endfunction()

# Compiles the sources of each folder as one unit if WEBHOOKS_UNITY_BUILD is on: most of the time goes
# into headers. Units do not span folders, so that only names of one folder can clash.
function(webhooks_unite target)
    if(NOT WEBHOOKS_UNITY_BUILD)
        return()
    endif()
    get_target_property(sources ${target} SOURCES)
    foreach(source IN LISTS sources)
        file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${source}/..)
        string(MAKE_C_IDENTIFIER "${folder}" group)
        set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
    endforeach()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

# webhooks_library(NAME [INTERNAL] PLACE...): the library webhooks::NAME of all sources below a
# directory, or only of those directly in it if the place ends in /*.cpp. The libraries for users are
# collected in WEBHOOKS_LIBRARIES; an internal one is always static and becomes part of what links it.
function(webhooks_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg INTERNAL "" "")
    set(sources "")
    foreach(place IN LISTS arg_UNPARSED_ARGUMENTS)
        if(place MATCHES "\\.cpp$")
            file(GLOB found CONFIGURE_DEPENDS ${place})
        else()
            file(GLOB_RECURSE found CONFIGURE_DEPENDS ${place}/*.cpp)
        endif()
        list(APPEND sources ${found})
    endforeach()
    set(target webhooks_${name})
    if(arg_INTERNAL)
        add_library(${target} STATIC ${sources})
    else()
        add_library(${target} ${sources})
        set(WEBHOOKS_LIBRARIES ${WEBHOOKS_LIBRARIES} webhooks::${name} PARENT_SCOPE)
    endif()
    add_library(webhooks::${name} ALIAS ${target})
    set_target_properties(${target} PROPERTIES
        EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON DEFINE_SYMBOL ""
        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        VERSION ${PROJECT_VERSION} SOVERSION ${WEBHOOKS_ABI_VERSION} INSTALL_RPATH $ORIGIN)
    target_include_directories(${target}
        PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
        PRIVATE ${PROJECT_SOURCE_DIR}/lib)
    webhooks_compile_options(${target})
    webhooks_unite(${target})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "SHARED_LIBRARY")
        set(map ${PROJECT_SOURCE_DIR}/cmake/exports.map)
        target_link_options(${target} PRIVATE LINKER:--version-script=${map} LINKER:--no-undefined)
        set_property(TARGET ${target} PROPERTY LINK_DEPENDS ${map})
    endif()
    # Static libraries need the internal ones as well; shared libraries contain them.
    if(NOT arg_INTERNAL OR NOT BUILD_SHARED_LIBS)
        set_property(GLOBAL APPEND PROPERTY WEBHOOKS_TARGETS ${target})
    endif()
endfunction()
