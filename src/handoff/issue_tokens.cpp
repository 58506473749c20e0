#include "handoff/issue_tokens.hpp"

#include "crypto/sha256.hpp"
#include "handoff/identifiers.hpp"
#include "handoff/run_journal.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace dedalus::handoff_engine {

namespace asio = boost::asio;

namespace {

using wait_tokens = std::map<stores::wait_key, std::string>;

constexpr std::chrono::seconds lease_for_tokens(10);

run_clocks clocks_of_system()
{
    run_clocks clocks;
    clocks.steady = [] { return std::chrono::steady_clock::now(); };
    clocks.system = [] { return std::chrono::system_clock::now(); };
    return clocks;
}

asio::awaitable<wait_tokens> issue_for(
    run_journal& journal,  // borrowed: by issue_tokens(), which awaits this
    std::function<std::string()> make_token
)
{
    const std::optional<stores::stored_run> run = co_await journal.load();
    wait_tokens tokens;
    if (!run)
        co_return tokens;
    journal_commit what;
    what.head = handoff_core::decode_head(run->head.bytes);
    for (const stores::wait_record& wait : run->waits) {
        if (!wait.decided_by.empty())
            continue;
        const std::string& token = tokens[wait.key] = make_token();
        stores::wait_record& renewed = what.waits.emplace_back(wait);
        renewed.token_sha256 = crypto::sha256_hex(token);
        const auto in_head = std::ranges::find(what.head.waits, wait.key, &stores::wait_record::key);
        if (in_head != what.head.waits.end())
            in_head->token_sha256 = renewed.token_sha256;
    }
    if (tokens.empty())
        co_return tokens;
    try {
        co_await journal.commit(std::move(what));
    }
    catch (const run_changed&) {
        tokens.clear();  // somebody has decided meanwhile
    }
    co_return tokens;
}

}  // namespace

asio::awaitable<wait_tokens>
issue_tokens(std::shared_ptr<run_store> store, std::string run_id, std::function<std::string()> make_token)
{
    run_journal journal(std::move(store), std::move(run_id), make_owner_id(), lease_for_tokens, clocks_of_system());
    wait_tokens tokens;
    // Who cannot read the run does not take it.
    const std::optional<stores::stored_run> looked_at = co_await journal.load();
    if (!looked_at)
        co_return tokens;
    const stores::acquire_result acquired = co_await journal.acquire();
    if (acquired.outcome != stores::acquire_outcome::acquired)
        co_return tokens;
    std::exception_ptr failure;
    try {
        tokens = co_await issue_for(journal, std::move(make_token));
    }
    catch (const run_lost&) {
        co_return wait_tokens();  // the lease ended meanwhile
    }
    catch (...) {
        failure = std::current_exception();
    }
    co_await journal.release();
    if (failure)
        std::rethrow_exception(failure);
    co_return tokens;
}

}  // namespace dedalus::handoff_engine
