# embed_migrations(TARGET NAME DIRECTORY): compiles the numbered SQL files of the directory into the
# target, as the function `webhooks::storage::NAME()` that storage/sql/migrator.hpp declares.
function(embed_migrations target name directory)
    file(GLOB files CONFIGURE_DEPENDS ${directory}/[0-9]*.sql)
    set(rows "")
    foreach(file IN LISTS files)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        get_filename_component(stem ${file} NAME_WE)
        string(REGEX MATCH "^0*([1-9][0-9]*)" number ${stem})
        set(number ${CMAKE_MATCH_1})
        file(READ ${file} text)
        string(APPEND rows "        {${number}, R\"sql(${text})sql\"},\n")
    endforeach()
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT [[
#include <storage/sql/migrator.hpp>

namespace webhooks::storage {

std::span<const Migration> @name@() {
    static constexpr Migration migrations[] = {
@rows@    };
    return migrations;
}

}  // namespace webhooks::storage
]])
    target_sources(${target} PRIVATE ${generated})
endfunction()
