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

# webhooks_library(NAME DIRECTORY...): the library webhooks::NAME of all sources below the
# directories. What users may link is collected in WEBHOOKS_LIBRARIES.
function(webhooks_library name)
    set(sources "")
    foreach(directory IN LISTS ARGN)
        file(GLOB_RECURSE found CONFIGURE_DEPENDS ${directory}/*.cpp)
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
    set_property(GLOBAL APPEND PROPERTY WEBHOOKS_TARGETS ${target})
    set(WEBHOOKS_LIBRARIES ${WEBHOOKS_LIBRARIES} webhooks::${name} PARENT_SCOPE)
endfunction()
