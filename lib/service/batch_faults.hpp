#pragma once

#include <map>
#include <string>
#include <system_error>
#include <vector>
#include <webhooks/error.hpp>

namespace webhooks::service {

/// The errors of a batch's publications, each under the path of its publication.
class BatchFaults {
public:
    /// @param index of the publication, from 0.
    void add(std::size_t index, const Error& error) {
        const std::string path = "events[" + std::to_string(index) + "]";
        std::vector<FieldError>& faults = faults_[error.code()];
        for (const FieldError& fault : error.fields()) {
            faults.push_back({path + "." + fault.field, fault.message});
        }
        if (error.fields().empty()) faults.push_back({path, error.detail()});
    }

    bool empty() const { return faults_.empty(); }
    /// If there are several kinds of error, all of the kind that comes first in `Errc`: errors that
    /// the caller can fix come before temporary ones. @pre It is not empty.
    Error error() const { return {faults_.begin()->first, faults_.begin()->second}; }

private:
    std::map<std::error_code, std::vector<FieldError>> faults_;
};

}  // namespace webhooks::service
