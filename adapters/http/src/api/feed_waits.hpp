#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

namespace webhooks::http {

/// The requests that wait for the next event of a feed: a limited number, which users share. Any
/// thread may call.
class FeedWaits : public std::enable_shared_from_this<FeedWaits> {
public:
    explicit FeedWaits(std::size_t max) : max_(max) {}

    /// One of the requests, until it is destroyed.
    class Place {
    public:
        Place(std::shared_ptr<FeedWaits> waits, std::uint64_t number, std::stop_source source)
            : waits_(std::move(waits)), number_(number), source_(std::move(source)) {}
        ~Place() { waits_->leave(number_); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        /// Requested: it must not wait any longer.
        std::stop_token token() const { return source_.get_token(); }
        /// The place may be destroyed meanwhile.
        void end() { std::stop_source(source_).request_stop(); }

    private:
        const std::shared_ptr<FeedWaits> waits_;
        const std::uint64_t number_;
        std::stop_source source_;
    };

    /// If there is no room, ends the oldest wait of the user who has the most, if this user has
    /// fewer. @return null: there is no room
    std::unique_ptr<Place> take(const std::string& user);
    /// Ends all waits, also later ones.
    void end_all();

private:
    struct Wait {
        std::string user;
        std::stop_source source;
    };

    void leave(std::uint64_t number);
    /// @pre `mutex_` is held.
    std::stop_source make_room(const std::string& user);
    void erase(std::map<std::uint64_t, Wait>::iterator wait);

    const std::size_t max_;
    std::mutex mutex_;
    std::map<std::uint64_t, Wait> waits_;  ///< By their numbers: the oldest first.
    std::map<std::string, std::size_t> of_user_;
    std::uint64_t last_number_ = 0;
    bool is_ended_ = false;
};

}  // namespace webhooks::http
