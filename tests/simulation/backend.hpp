#pragma once

#include <memory>
#include <webhooks/clock.hpp>
#include <webhooks/random.hpp>
#include <webhooks/storage.hpp>

#include "config.hpp"

namespace webhooks::simulation {

/// What outlives processes.
class Database {
public:
    virtual ~Database() = default;

    /// The storage of a process that starts; it is closed when the process ends.
    virtual std::shared_ptr<Storage> open() = 0;
    /// One to look at what is stored.
    virtual Storage& reader() = 0;
};

std::unique_ptr<Database> make_database(Backend backend, std::shared_ptr<Clock> clock,
                                        std::shared_ptr<Random> random);

}  // namespace webhooks::simulation
