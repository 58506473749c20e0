#include <dedalus/error.hpp>
#include <dedalus/stores/encrypted.hpp>

#include "stores/rules.hpp"
#include "stores/run_sealer.hpp"
#include "stores/sealed_records.hpp"

#include <utility>

namespace dedalus {

namespace asio = boost::asio;

using namespace stores;

encrypted_run_store::encrypted_run_store(std::shared_ptr<run_store> kept_in, store_key_provider keys)
    : kept_in_(std::move(kept_in)), keys_(std::move(keys))
{
    if (!kept_in_ || !keys_)
        throw config_error("an encrypted store needs a store and a provider of keys");
    static_cast<void>(run_sealer(keys_(), ""));
}

asio::awaitable<create_outcome> encrypted_run_store::create(create_request request)
{
    check(request);
    const run_sealer sealer(keys_(), request.run_id);
    seal(sealer, request.head, 1);
    for (log_entry& entry : request.entries)
        seal(sealer, entry);
    co_return co_await kept_in_->create(std::move(request));
}

asio::awaitable<load_result> encrypted_run_store::load(load_request request)
{
    const run_sealer sealer(keys_(), request.run_id);
    load_result result = co_await kept_in_->load(std::move(request));
    if (result.outcome == load_outcome::not_found)
        co_return result;
    const opening outcome = open(sealer, result.run);
    if (outcome == opening::altered)
        result.outcome = load_outcome::corrupt;
    else if (result.outcome == load_outcome::loaded)
        require_done(outcome);
    co_return result;
}

asio::awaitable<commit_result> encrypted_run_store::commit(commit_request request)
{
    check(request);
    const run_sealer sealer(keys_(), request.run_id);
    seal(sealer, request.head, request.expected_rev + 1);
    for (log_entry& entry : request.entries)
        seal(sealer, entry);
    for (call_record& record : request.calls)
        seal(sealer, record);
    for (wait_record& wait : request.waits)
        seal(sealer, wait);
    co_return co_await kept_in_->commit(std::move(request));
}

asio::awaitable<append_result> encrypted_run_store::append_call(append_request request)
{
    check(request);
    const run_sealer sealer(keys_(), request.run_id);
    for (call_record& record : request.records)
        seal(sealer, record);
    append_result result = co_await kept_in_->append_call(std::move(request));
    for (call_record& record : result.existing)
        require_done(open(sealer, record));
    co_return result;
}

append_request encrypted_run_store::for_append_in(append_request finish) const
{
    check_finish(finish);
    const run_sealer sealer(keys_(), finish.run_id);
    seal(sealer, finish.records.front());
    return kept_in_->for_append_in(std::move(finish));
}

asio::awaitable<post_outcome> encrypted_run_store::post(post_request request)
{
    check(request);
    const run_sealer sealer(keys_(), request.run_id);
    seal(sealer, request);
    post_outcome outcome = post_outcome::refused;
    // A wait has the fingerprint of the key that it was written with.
    const std::vector<std::string> fingerprints = masked_fingerprints(sealer, request.fingerprint);
    for (const std::string& fingerprint : fingerprints) {
        post_request masked = request;
        masked.fingerprint = fingerprint;
        outcome = co_await kept_in_->post(std::move(masked));
        if (outcome != post_outcome::refused || !request.wait)
            break;
    }
    co_return outcome;
}

asio::awaitable<late_outcome> encrypted_run_store::put_late_result(late_request request)
{
    check(request);
    const run_sealer sealer(keys_(), request.run_id);
    seal(sealer, request.result);
    co_return co_await kept_in_->put_late_result(std::move(request));
}

asio::awaitable<bool> encrypted_run_store::put_named_blob(std::string run_id, std::string name, std::string bytes)
{
    check_run_id(run_id);
    check_blob(name, bytes);
    const run_sealer sealer(keys_(), run_id);
    auto [masked, sealed] = sealed_blob(sealer, name, bytes);
    co_return co_await kept_in_->put_named_blob(std::move(run_id), std::move(masked), std::move(sealed));
}

asio::awaitable<std::optional<std::string>> encrypted_run_store::get_blob(std::string run_id, std::string name)
{
    check_run_id(run_id);
    const run_sealer sealer(keys_(), run_id);
    const std::vector<std::string> names = masked_names(sealer, name);
    for (const std::string& masked : names) {
        std::optional<std::string> found = co_await kept_in_->get_blob(run_id, masked);
        if (!found)
            continue;
        std::string opened = masked;
        require_done(open_blob(sealer, opened, *found));
        co_return found;
    }
    co_return std::nullopt;
}

asio::awaitable<create_outcome> encrypted_run_store::restore(restore_request request)
{
    check(request);
    const run_sealer sealer(keys_(), request.run.run_id);
    seal(sealer, request.run);
    co_return co_await kept_in_->restore(std::move(request));
}

// The operations that nothing is encrypted in.

asio::awaitable<void> encrypted_run_store::migrate()
{
    return kept_in_->migrate();
}

asio::awaitable<int> encrypted_run_store::schema_version()
{
    return kept_in_->schema_version();
}

asio::awaitable<acquire_result> encrypted_run_store::acquire(acquire_request request)
{
    return kept_in_->acquire(std::move(request));
}

asio::awaitable<renew_result> encrypted_run_store::renew(renew_request request)
{
    return kept_in_->renew(std::move(request));
}

asio::awaitable<lease_outcome> encrypted_run_store::release(release_request request)
{
    return kept_in_->release(std::move(request));
}

asio::awaitable<std::vector<std::string>> encrypted_run_store::list_resumable(run_filter filter)
{
    return kept_in_->list_resumable(std::move(filter));
}

asio::awaitable<list_page> encrypted_run_store::list(list_query query)
{
    return kept_in_->list(std::move(query));
}

asio::awaitable<remove_outcome> encrypted_run_store::remove(std::string run_id, bool must_be_terminal)
{
    return kept_in_->remove(std::move(run_id), must_be_terminal);
}

store_capabilities encrypted_run_store::capabilities() const noexcept
{
    return kept_in_->capabilities();
}

asio::awaitable<bool> encrypted_run_store::set_ttl(std::string run_id, std::optional<std::chrono::milliseconds> ttl)
{
    return kept_in_->set_ttl(std::move(run_id), ttl);
}

asio::awaitable<std::size_t> encrypted_run_store::collect(collect_query query)
{
    return kept_in_->collect(std::move(query));
}

asio::awaitable<std::unique_ptr<run_watch>> encrypted_run_store::watch(std::string run_id)
{
    return kept_in_->watch(std::move(run_id));
}

}  // namespace dedalus
