#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <transport/poller.hpp>
#include <utility>

namespace webhooks::transport {
namespace {

constexpr int events_at_once = 256;

int make_epoll() {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "epoll");
    return epoll;
}

std::uint32_t index_of(std::uint64_t key) {
    return static_cast<std::uint32_t>(key);
}

}  // namespace

Poller::Registration::Registration(Registration&& other) noexcept
    : poller_(std::exchange(other.poller_, nullptr)), key_(other.key_) {}

Poller::Registration& Poller::Registration::operator=(Registration&& other) noexcept {
    std::swap(poller_, other.poller_);
    std::swap(key_, other.key_);
    return *this;
}

Poller::Registration::~Registration() {
    if (poller_ != nullptr) poller_->release(key_);
}

void Poller::Registration::schedule() const {
    poller_->calls_.push_back(key_);
}

Poller::Poller(boost::asio::io_context& io) : epoll_(io), handle_(make_epoll()) {
    boost::system::error_code error;
    epoll_.assign(handle_, error);
    if (!error) return;
    ::close(handle_);  // The descriptor does not own what it could not register.
    throw boost::system::system_error(error, "epoll");
}

std::error_code Poller::watch(int socket, Handler& handler, Registration& place) {
    if (free_.empty()) {
        slots_.emplace_back();
        free_.reserve(slots_.capacity());  // Releasing a slot then needs no memory.
        free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const std::uint32_t index = free_.back();
    Slot& slot = slots_[index];
    const std::uint64_t key = std::uint64_t{++slot.uses} << 32U | index;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = key;
    if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, socket, &event) != 0) {
        return {errno, std::system_category()};
    }
    free_.pop_back();
    slot.watched = &handler;
    place = Registration(*this, key);
    return {};
}

Poller::Handler* Poller::find(std::uint64_t key) const noexcept {
    const Slot& slot = slots_[index_of(key)];
    return slot.uses == key >> 32U ? slot.watched : nullptr;
}

void Poller::release(std::uint64_t key) noexcept {
    slots_[index_of(key)].watched = nullptr;
    free_.push_back(index_of(key));
}

void Poller::poll() {
    for (const std::uint64_t key : std::exchange(calls_, {})) {
        if (Handler* watched = find(key)) watched->on_change(false, false, false);
    }
    std::array<epoll_event, events_at_once> events;
    int count = 0;
    do {
        count = ::epoll_wait(epoll_.native_handle(), events.data(), events_at_once, 0);
        for (int i = 0; i < count; ++i) {
            const std::uint32_t what = events[i].events;
            const bool has_hung_up = (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
            if (Handler* watched = find(events[i].data.u64)) {
                watched->on_change(has_hung_up || (what & EPOLLIN) != 0, (what & EPOLLOUT) != 0,
                                   has_hung_up);
            }
        }
    } while (count == events_at_once);
}

void Poller::interrupt_wait() {
    if (std::exchange(is_waited_for_, true)) return;
    epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [this](boost::system::error_code) { is_waited_for_ = false; });
}

}  // namespace webhooks::transport
