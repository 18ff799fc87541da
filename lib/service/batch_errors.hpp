#pragma once

#include <map>
#include <string>
#include <system_error>
#include <vector>
#include <webhooks/error.hpp>

namespace webhooks::service {

/// The errors of a batch's publications, each under the path of its publication.
class BatchErrors {
public:
    /// @param index of the publication, from 0.
    void add(std::size_t index, const Error& error) {
        const std::string path = "events[" + std::to_string(index) + "]";
        std::vector<FieldError>& errors = errors_[error.code()];
        for (const FieldError& field_error : error.fields()) {
            errors.push_back({path + "." + field_error.field, field_error.message});
        }
        if (error.fields().empty()) errors.push_back({path, error.detail()});
    }

    bool empty() const { return errors_.empty(); }
    /// If there are several kinds of error, all of the kind that comes first in `Errc`: errors that
    /// the caller can fix come before temporary ones. @pre It is not empty.
    Error error() const { return {errors_.begin()->first, errors_.begin()->second}; }

private:
    std::map<std::error_code, std::vector<FieldError>> errors_;
};

}  // namespace webhooks::service
