#include "transport/connection_lease.hpp"

#include "transport/connection_pool.hpp"

#include <utility>

namespace dedalus::transport {

connection_lease::connection_lease(
    std::shared_ptr<connection_pool> pool,
    protocol::pool_key key,
    std::optional<protocol::pooled<std::unique_ptr<http_connection>>> idle
)
    : pool_(std::move(pool)), key_(std::move(key))
{
    if (!idle)
        return;
    connection_ = std::move(idle->connection);
    opened_ = idle->opened;
}

connection_lease& connection_lease::operator=(connection_lease&& other) noexcept
{
    if (this == &other)
        return *this;
    reset();
    pool_ = std::move(other.pool_);
    key_ = std::move(other.key_);
    connection_ = std::move(other.connection_);
    opened_ = other.opened_;
    return *this;
}

void connection_lease::open(std::unique_ptr<http_connection> connection)
{
    connection_ = std::move(connection);
    opened_ = std::chrono::steady_clock::now();
    pool_->count_opened();
}

void connection_lease::take_usable()
{
    while (connection_) {
        if (connection_->reusable(std::chrono::steady_clock::now()) == reuse::now) {
            pool_->count_reused();
            return;
        }
        connection_.reset();
        if (auto other = pool_->replace(key_)) {
            connection_ = std::move(other->connection);
            opened_ = other->opened;
        }
    }
}

void connection_lease::discard_dead()
{
    connection_.reset();
    pool_->count_resent();
}

void connection_lease::release()
{
    connection_->end_exchange();
    // The end of a stream's body often arrives just after its last event, and nobody should have to wait for it: it is
    // looked for again when somebody wants the connection.
    if (connection_->reusable_later() == reuse::never) {
        free(&closed_connections::unusable);
        return;
    }
    const std::shared_ptr<connection_pool> pool = std::move(pool_);
    pool->give_back(key_, {std::move(connection_), opened_});
}

void connection_lease::reset() noexcept
{
    if (pool_)
        free(connection_ ? &closed_connections::unfinished : nullptr);
}

// The socket is closed before its place is free, so that the limits hold for sockets.
void connection_lease::free(protocol::close_reason why)
{
    connection_.reset();
    const std::shared_ptr<connection_pool> pool = std::move(pool_);
    pool->free(key_, why);
}

}  // namespace dedalus::transport
