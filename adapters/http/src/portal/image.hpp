#pragma once

#include <string_view>

namespace webhooks::http {

/// The media type of a PNG or SVG file by its first bytes; empty if it is neither.
inline std::string_view image_type(std::string_view bytes) {
    if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
    const bool is_xml = bytes.starts_with("<svg") || bytes.starts_with("<?xml");
    return is_xml && bytes.find("<svg") != std::string_view::npos ? "image/svg+xml" : "";
}

}  // namespace webhooks::http
