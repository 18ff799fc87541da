#pragma once

#include <memory>
#include <webhooks/clock.hpp>
#include <webhooks/encryption.hpp>
#include <webhooks/random.hpp>
#include <webhooks/storage.hpp>

#include "config.hpp"

namespace webhooks::simulation {

/// What outlives processes.
class Database {
public:
    virtual ~Database() = default;

    /// The storage of a process that starts; it is closed when the process ends. It fails only if
    /// its key cannot be obtained.
    virtual Result<std::shared_ptr<Storage>> open() = 0;
    /// One to look at what is stored.
    virtual Storage& reader() = 0;
};

/// Null: nothing is encrypted.
struct DatabaseKeys {
    std::shared_ptr<KeyProvider> of_processes = {};
    std::shared_ptr<KeyProvider> of_reader = {};
};

std::unique_ptr<Database> make_database(Backend backend, std::shared_ptr<Clock> clock,
                                        std::shared_ptr<Random> random, const DatabaseKeys& keys);

}  // namespace webhooks::simulation
