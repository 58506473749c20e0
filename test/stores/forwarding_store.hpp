#pragma once

#include <dedalus/stores/run_store.hpp>

#include <memory>
#include <utility>

namespace test {

/// Passes every operation on to another store: for stores that differ in one thing.
class forwarding_store : public dedalus::run_store
{
public:
    template <class T>
    using awaitable = boost::asio::awaitable<T>;

    explicit forwarding_store(std::shared_ptr<dedalus::run_store> to) : to_(std::move(to)) {}

    awaitable<void> migrate() override { return to_->migrate(); }

    awaitable<int> schema_version() override { return to_->schema_version(); }

    awaitable<dedalus::stores::create_outcome> create(dedalus::stores::create_request r) override
    {
        return to_->create(std::move(r));
    }

    awaitable<dedalus::stores::load_result> load(dedalus::stores::load_request r) override
    {
        return to_->load(std::move(r));
    }

    awaitable<dedalus::stores::acquire_result> acquire(dedalus::stores::acquire_request r) override
    {
        return to_->acquire(std::move(r));
    }

    awaitable<dedalus::stores::renew_result> renew(dedalus::stores::renew_request r) override
    {
        return to_->renew(std::move(r));
    }

    awaitable<dedalus::stores::lease_outcome> release(dedalus::stores::release_request r) override
    {
        return to_->release(std::move(r));
    }

    awaitable<dedalus::stores::commit_result> commit(dedalus::stores::commit_request r) override
    {
        return to_->commit(std::move(r));
    }

    awaitable<dedalus::stores::append_result> append_call(dedalus::stores::append_request r) override
    {
        return to_->append_call(std::move(r));
    }

    awaitable<dedalus::stores::post_outcome> post(dedalus::stores::post_request r) override
    {
        return to_->post(std::move(r));
    }

    awaitable<dedalus::stores::late_outcome> put_late_result(dedalus::stores::late_request r) override
    {
        return to_->put_late_result(std::move(r));
    }

    awaitable<std::vector<std::string>> list_resumable(dedalus::stores::run_filter f) override
    {
        return to_->list_resumable(std::move(f));
    }

    awaitable<dedalus::stores::list_page> list(dedalus::stores::list_query q) override
    {
        return to_->list(std::move(q));
    }

    awaitable<dedalus::stores::remove_outcome> remove(std::string id, bool terminal) override
    {
        return to_->remove(std::move(id), terminal);
    }

    dedalus::stores::append_request for_append_in(dedalus::stores::append_request finish) const override
    {
        return to_->for_append_in(std::move(finish));
    }

protected:
    std::shared_ptr<dedalus::run_store> to_;
};

}  // namespace test
