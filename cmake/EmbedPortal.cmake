# embed_portal(TARGET DIRECTORY): compiles the portal's page into the target, as the function
# `webhooks::http::portal_assets()` that portal/assets.hpp declares. Nothing is translated, but indentation is left
# out: the script is the libraries in vendor, one after another, and then all of scripts in the order of their names,
# in one function of their own. Those of modules are files of their own, which it loads when it needs them.
function(embed_portal target directory)
    file(GLOB scripts CONFIGURE_DEPENDS ${directory}/scripts/*.js)
    list(SORT scripts)
    file(GLOB modules CONFIGURE_DEPENDS ${directory}/modules/*.js)
    list(SORT modules)
    set(libraries preact hooks htm)
    list(TRANSFORM libraries REPLACE "(.+)" "${directory}/vendor/\\1.umd.js")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                 ${libraries} ${scripts} ${modules} ${directory}/portal.css ${directory}/index.html)

    set(script "// Preact (c) Jason Miller, MIT. htm (c) Google Inc., Apache-2.0. The rest is part of webhooks.\n")
    foreach(file IN LISTS libraries)
        file(READ ${file} text)
        string(REGEX REPLACE "//# sourceMappingURL=[^\n]*\n?" "" text "${text}")
        string(APPEND script "${text}\n")
    endforeach()
    string(APPEND script "(() => {\n\"use strict\";\n")
    foreach(file IN LISTS scripts)
        file(READ ${file} text)
        string(REGEX REPLACE "\n +" "\n" text "${text}")
        string(APPEND script "${text}\n")
    endforeach()
    string(APPEND script "})();\n")

    file(READ ${directory}/portal.css style_sheet)
    set(files "        {\"portal.js\", R\"__portal__(${script})__portal__\"},\n")
    string(APPEND files "        {\"portal.css\", R\"__portal__(${style_sheet})__portal__\"},\n")
    foreach(file IN LISTS modules)
        cmake_path(GET file FILENAME name)
        file(READ ${file} text)
        # Only snippets of code need their indentation.
        if(NOT name STREQUAL "verify.js")
            string(REGEX REPLACE "\n +" "\n" text "${text}")
        endif()
        string(APPEND files "        {\"${name}\", R\"__portal__(${text})__portal__\"},\n")
    endforeach()
    string(SHA256 hash "${files}")
    string(SUBSTRING ${hash} 0 16 hash)
    file(READ ${directory}/index.html page)
    string(REPLACE "@hash@" ${hash} page "${page}")
    file(CONFIGURE OUTPUT portal_assets.cpp @ONLY CONTENT [==[
#include <portal/assets.hpp>

const webhooks::http::PortalAssets& webhooks::http::portal_assets() {
    static constexpr PortalAsset files[] = {
@files@    };
    static constexpr PortalAssets assets{
        .hash = "@hash@", .page = R"__portal__(@page@)__portal__", .files = files};
    return assets;
}
]==])
    target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/portal_assets.cpp)
    # Compilers take longer literals than they have to.
    set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/portal_assets.cpp PROPERTIES
                                COMPILE_OPTIONS -Wno-overlength-strings)
endfunction()
