#include <dedalus/stores/memory.hpp>

#include "stores/memory_tables.hpp"
#include "stores/wake_hub.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

namespace dedalus {

namespace asio = boost::asio;

using namespace stores;

namespace {

time_point system_now()
{
    return std::chrono::time_point_cast<time_point::duration>(std::chrono::system_clock::now());
}

}  // namespace

class memory_run_store::impl
{
public:
    explicit impl(memory_store_options options) : clock_(options.clock ? std::move(options.clock) : system_now) {}

    template <class Operation>
    auto write(const std::string& run_id, const Operation& operation)
    {
        const std::lock_guard lock(mutex_);
        const time_point now = clock_();
        ++writes_;
        const std::optional<store_failpoint> met = meet();
        if (met == store_failpoint::drop_connection)
            dropped_ = true;
        if (dropped_ || met == store_failpoint::before_commit)
            fail();
        if (met == store_failpoint::stale_fence)
            tables_.take_over(run_id, now);
        auto result = operation(tables_, now);
        if (met == store_failpoint::after_commit_before_ack)
            fail();
        return result;
    }

    template <class Operation>
    auto read(const Operation& operation)
    {
        const std::lock_guard lock(mutex_);
        if (dropped_)
            fail();
        return operation(std::as_const(tables_), clock_());
    }

    void arm(store_failpoint failpoint, std::size_t nth, std::exception_ptr thrown)
    {
        const std::lock_guard lock(mutex_);
        armed_ = failpoint;
        countdown_ = nth;
        thrown_ = std::move(thrown);
    }

    void reconnect()
    {
        const std::lock_guard lock(mutex_);
        armed_.reset();
        dropped_ = false;
        thrown_ = nullptr;
    }

    std::size_t writes() const
    {
        const std::lock_guard lock(mutex_);
        return writes_;
    }

    wake_hub wake_ups;

private:
    std::optional<store_failpoint> meet()
    {
        if (!armed_ || --countdown_ > 0)
            return {};
        return std::exchange(armed_, std::nullopt);
    }

    [[noreturn]] void fail() const
    {
        if (thrown_)
            std::rethrow_exception(thrown_);
        throw store_error(store_errc::unavailable, "a failpoint");
    }

    mutable std::mutex mutex_;
    std::function<time_point()> clock_;
    memory_tables tables_;
    std::size_t writes_ = 0;
    std::optional<store_failpoint> armed_;
    std::size_t countdown_ = 0;
    std::exception_ptr thrown_;
    bool dropped_ = false;
};

memory_run_store::memory_run_store(memory_store_options options) : impl_(std::make_unique<impl>(std::move(options))) {}

memory_run_store::memory_run_store() : memory_run_store(memory_store_options()) {}

memory_run_store::~memory_run_store() = default;

void memory_run_store::arm(store_failpoint failpoint, std::size_t nth, std::exception_ptr thrown)
{
    impl_->arm(failpoint, nth, std::move(thrown));
}

void memory_run_store::reconnect()
{
    impl_->reconnect();
}

std::size_t memory_run_store::writes() const
{
    return impl_->writes();
}

asio::awaitable<void> memory_run_store::migrate()
{
    co_return;
}

asio::awaitable<int> memory_run_store::schema_version()
{
    co_return 1;
}

asio::awaitable<create_outcome> memory_run_store::create(create_request request)
{
    check(request);
    co_return impl_->write(request.run_id, [&](auto& t, time_point now) { return t.create(request, now); });
}

asio::awaitable<load_result> memory_run_store::load(load_request request)
{
    check(request);
    co_return impl_->read([&](auto& t, time_point) { return t.load(request); });
}

asio::awaitable<acquire_result> memory_run_store::acquire(acquire_request request)
{
    check(request);
    co_return impl_->write(request.run_id, [&](auto& t, time_point now) { return t.acquire(request, now); });
}

asio::awaitable<renew_result> memory_run_store::renew(renew_request request)
{
    check(request);
    co_return impl_->write(request.run_id, [&](auto& t, time_point now) { return t.renew(request, now); });
}

asio::awaitable<lease_outcome> memory_run_store::release(release_request request)
{
    check(request);
    co_return impl_->write(request.run_id, [&](auto& t, time_point now) { return t.release(request, now); });
}

asio::awaitable<commit_result> memory_run_store::commit(commit_request request)
{
    check(request);
    co_return impl_->write(request.run_id, [&](auto& t, time_point now) { return t.commit(request, now); });
}

asio::awaitable<append_result> memory_run_store::append_call(append_request request)
{
    check(request);
    co_return impl_->write(request.run_id, [&](auto& t, time_point) { return t.append_call(request); });
}

asio::awaitable<post_outcome> memory_run_store::post(post_request request)
{
    check(request);
    const post_outcome outcome =
        impl_->write(request.run_id, [&](auto& t, time_point now) { return t.post(request, now); });
    if (outcome == post_outcome::accepted)
        impl_->wake_ups.notify(request.run_id);
    co_return outcome;
}

asio::awaitable<late_outcome> memory_run_store::put_late_result(late_request request)
{
    check(request);
    co_return impl_->write(request.run_id, [&](auto& t, time_point now) { return t.put_late_result(request, now); });
}

asio::awaitable<std::vector<std::string>> memory_run_store::list_resumable(run_filter filter)
{
    check(filter);
    co_return impl_->read([&](auto& t, time_point now) { return t.list_resumable(filter, now); });
}

asio::awaitable<list_page> memory_run_store::list(list_query query)
{
    check(query);
    co_return impl_->read([&](auto& t, time_point now) { return t.list(query, now); });
}

asio::awaitable<remove_outcome> memory_run_store::remove(std::string run_id, bool must_be_terminal)
{
    check_run_id(run_id);
    co_return impl_->write(run_id, [&](auto& t, time_point) { return t.remove(run_id, must_be_terminal); });
}

store_capabilities memory_run_store::capabilities() const noexcept
{
    return {true, true, true, true};
}

asio::awaitable<bool> memory_run_store::set_ttl(std::string run_id, std::optional<std::chrono::milliseconds> ttl)
{
    check_run_id(run_id);
    co_return impl_->write(run_id, [&](auto& t, time_point now) { return t.set_ttl(run_id, ttl, now); });
}

asio::awaitable<std::size_t> memory_run_store::collect(collect_query query)
{
    check(query);
    co_return impl_->write("", [&](auto& t, time_point now) { return t.collect(query, now); });
}

asio::awaitable<bool> memory_run_store::put_named_blob(std::string run_id, std::string name, std::string bytes)
{
    check_run_id(run_id);
    check_blob(name, bytes);
    co_return impl_->write(run_id, [&](auto& t, time_point) { return t.put_blob(run_id, name, std::move(bytes)); });
}

asio::awaitable<std::optional<std::string>> memory_run_store::get_blob(std::string run_id, std::string name)
{
    check_run_id(run_id);
    co_return impl_->read([&](auto& t, time_point) { return t.get_blob(run_id, name); });
}

asio::awaitable<create_outcome> memory_run_store::restore(restore_request request)
{
    check(request);
    co_return impl_->write(request.run.run_id, [&](auto& t, time_point) { return t.restore(request); });
}

asio::awaitable<std::unique_ptr<run_watch>> memory_run_store::watch(std::string run_id)
{
    co_return impl_->wake_ups.subscribe(std::move(run_id));
}

}  // namespace dedalus
