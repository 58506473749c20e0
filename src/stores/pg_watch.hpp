#pragma once

#include <dedalus/stores/run_store.hpp>

#include "stores/pg_pool.hpp"

#include <memory>
#include <string>

namespace dedalus::stores {

/// A watch with a connection of its own, that listens.
class pg_watch final : public run_watch
{
public:
    struct state;

    pg_watch(store_strand strand, std::string connection, std::string run_id, std::chrono::milliseconds time_limit);

    /// Connects and listens. Throws store_error.
    boost::asio::awaitable<void> start();

    boost::asio::awaitable<std::optional<std::string>> next(std::chrono::milliseconds at_most) override;

private:
    std::shared_ptr<state> state_;
};

}  // namespace dedalus::stores
