#include <dedalus/stores/run_store.hpp>

#include "stores/rules.hpp"

#include <utility>

namespace dedalus {

namespace asio = boost::asio;

run_watch::~run_watch() = default;
run_store::~run_store() = default;

store_capabilities run_store::capabilities() const noexcept
{
    return {};
}

asio::awaitable<std::string> run_store::put_blob(std::string run_id, std::string bytes)
{
    std::string name = stores::blob_name(bytes);
    const bool kept = co_await put_named_blob(std::move(run_id), name, std::move(bytes));
    if (!kept)
        name.clear();
    co_return name;
}

stores::append_request run_store::for_append_in(stores::append_request finish) const
{
    return finish;
}

// The operations that a store need not have.

asio::awaitable<bool> run_store::set_ttl(std::string, std::optional<std::chrono::milliseconds>)
{
    throw store_error(store_errc::unsupported, "set_ttl");
}

asio::awaitable<std::size_t> run_store::collect(stores::collect_query)
{
    throw store_error(store_errc::unsupported, "collect");
}

asio::awaitable<bool> run_store::put_named_blob(std::string, std::string, std::string)
{
    throw store_error(store_errc::unsupported, "put_named_blob");
}

asio::awaitable<std::optional<std::string>> run_store::get_blob(std::string, std::string)
{
    throw store_error(store_errc::unsupported, "get_blob");
}

asio::awaitable<stores::create_outcome> run_store::restore(stores::restore_request)
{
    throw store_error(store_errc::unsupported, "restore");
}

asio::awaitable<std::unique_ptr<run_watch>> run_store::watch(std::string)
{
    throw store_error(store_errc::unsupported, "watch");
}

}  // namespace dedalus
