# Finds the dependencies of the enabled parts.

include(WebhooksDependencies)

set(webhooks_parts core)
foreach(part IN ITEMS sqlite postgresql http_transport)
    string(TOUPPER WEBHOOKS_${part} option)
    if(${option})
        list(APPEND webhooks_parts ${part})
    endif()
endforeach()

set(webhooks_missing "")
foreach(part IN LISTS webhooks_parts)
    webhooks_find_dependencies(${part} FALSE)
    string(APPEND webhooks_missing "${webhooks_missing_${part}}")
endforeach()
if(webhooks_missing)
    message(FATAL_ERROR "${webhooks_missing}A part that is not wanted is left out by "
                        "-DWEBHOOKS_SQLITE=OFF, -DWEBHOOKS_POSTGRESQL=OFF or "
                        "-DWEBHOOKS_HTTP_TRANSPORT=OFF.")
endif()
