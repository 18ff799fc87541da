#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <webhooks/webhook_service.hpp>

namespace webhooks::testing {

/// The acknowledged publications, in a file that outlives this process.
class PublisherLog {
public:
    explicit PublisherLog(const std::string& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
        std::ifstream lines(path);
        for (std::string line; std::getline(lines, line);) {
            known_.insert(std::stoi(line));
        }
    }
    PublisherLog(const PublisherLog&) = delete;
    PublisherLog& operator=(const PublisherLog&) = delete;
    ~PublisherLog() { ::close(file_); }

    /// Whether an earlier run wrote it.
    bool knows(int number) const { return known_.contains(number); }

    /// In one system call, so that a line is written completely or not at all.
    void add(int number, const PublishReceipt& receipt) const {
        std::ostringstream line;
        line << number;
        for (const EventId id : receipt.event_ids) {
            line << ' ' << id.value;
        }
        line << '\n';
        const std::string text = line.str();
        if (::write(file_, text.data(), text.size()) < 0) std::abort();
    }

private:
    const int file_;
    std::set<int> known_;
};

}  // namespace webhooks::testing
