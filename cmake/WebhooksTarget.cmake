# What every target of ours has in common. Nothing here touches global flags.

function(webhooks_compile_options target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
    # GCC 12 sees overlaps in "text" + std::string (its bug 105651, mended in 13).
    target_compile_options(${target} PRIVATE
        $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
    if(WEBHOOKS_WARNINGS_AS_ERRORS)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()

# Compiles the sources of each folder as one unit, where WEBHOOKS_UNITY_BUILD says so: most of the
# time goes into headers. A folder is one room, so that names meet only those of their own room.
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

# webhooks_library(NAME PLACE...): the library webhooks::NAME of all sources below a directory, or
# of those in it alone where the place ends in /*.cpp. What users may link is collected in
# WEBHOOKS_LIBRARIES.
function(webhooks_library name)
    set(sources "")
    foreach(place IN LISTS ARGN)
        if(place MATCHES "\\.cpp$")
            file(GLOB found CONFIGURE_DEPENDS ${place})
        else()
            file(GLOB_RECURSE found CONFIGURE_DEPENDS ${place}/*.cpp)
        endif()
        list(APPEND sources ${found})
    endforeach()
    set(target webhooks_${name})
    add_library(${target} ${sources})
    add_library(webhooks::${name} ALIAS ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
    target_include_directories(${target}
        PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
               $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
        PRIVATE ${PROJECT_SOURCE_DIR}/lib)
    webhooks_compile_options(${target})
    webhooks_unite(${target})
    set_property(GLOBAL APPEND PROPERTY WEBHOOKS_TARGETS ${target})
    set(WEBHOOKS_LIBRARIES ${WEBHOOKS_LIBRARIES} webhooks::${name} PARENT_SCOPE)
endfunction()
