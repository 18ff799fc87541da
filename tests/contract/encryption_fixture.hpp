#pragma once

#include <contract/storages.hpp>
#include <map>
#include <mutex>

namespace webhooks::testing {

/// Encryption keys in memory, which a test can take away.
class KeysOfTest final : public KeyProvider {
public:
    explicit KeysOfTest(std::string current) { add(std::move(current)); }

    Result<EncryptionKey> current() override {
        std::string id;
        {
            const std::scoped_lock lock(mutex_);
            id = current_;
        }
        return find(id);
    }
    Result<EncryptionKey> find(const std::string& id) override {
        const std::scoped_lock lock(mutex_);
        if (++calls == failing_call || is_down)
            return Error(Errc::unavailable, "the key service is down");
        const auto found = keys_.find(id);
        if (found == keys_.end()) return Error(Errc::not_found, "destroyed");
        return EncryptionKey{.id = id, .bytes = Secret(found->second)};
    }

    /// A new current key.
    void add(std::string id) {
        const std::scoped_lock lock(mutex_);
        keys_[id] = std::string(32, static_cast<char>('a' + keys_.size()));
        current_ = std::move(id);
    }
    void remove(const std::string& id) { keys_.erase(id); }

    int calls = 0;
    int failing_call = 0;
    bool is_down = false;

private:
    std::mutex mutex_;
    std::map<std::string, std::string> keys_;
    std::string current_;
};

#ifdef WEBHOOKS_TEST_SQLITE
struct OnEncryptedSqlite final : StorageUnderTest {
    std::shared_ptr<Storage> make(std::shared_ptr<Clock> clock) override {
        return make_sqlite_storage({.path = folder.file("test.db"),
                                    .clock = std::move(clock),
                                    .encryption = {.keys = std::make_shared<KeysOfTest>("k1")}})
            .value();
    }
    int random_list_queries() const override { return 50; }
    TemporaryFolder folder;
};
#endif

}  // namespace webhooks::testing
