#include "runs_program/commands.hpp"

#include <dedalus/chat/message.hpp>
#include <dedalus/handoff/run_export.hpp>
#include <dedalus/handoff/run_inbox.hpp>

#include "runs_program/html_page.hpp"
#include "runs_program/printable.hpp"
#include "runs_program/text_page.hpp"

#include <boost/json/parse.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <utility>

namespace dedalus::runs_program {

namespace asio = boost::asio;

namespace {

using store_ptr = std::shared_ptr<run_store>;

void print(const std::string& text)
{
    std::cout << text << std::flush;
    if (!std::cout)
        throw refused("the output cannot be written");
}

asio::awaitable<stores::stored_run> load_run(store_ptr store, std::string run_id)
{
    stores::load_request request;
    request.run_id = run_id;
    stores::load_result loaded = co_await store->load(std::move(request));
    if (loaded.outcome == stores::load_outcome::not_found)
        throw refused("there is no run " + plain(run_id));
    if (loaded.outcome == stores::load_outcome::corrupt)
        throw refused("the run is damaged: its log has a gap or a wrong checksum");
    co_return std::move(loaded.run);
}

asio::awaitable<void> list_runs(store_ptr store, std::optional<run_phase> phase, stores::label_map labels)
{
    stores::list_query query;
    query.labels = std::move(labels);
    query.phase = phase;
    bool first = true;
    do {
        const stores::list_page page = co_await store->list(query);
        print(runs_table(page.runs, first));
        first = false;
        query.cursor = page.next;
    } while (!query.cursor.empty());
}

asio::awaitable<void> list_waiting(store_ptr store, std::vector<std::string> words)
{
    const run_inbox inbox(store);
    std::vector<waiting_call> calls;
    if (words.empty()) {
        calls = co_await inbox.list_waiting();
    }
    else {
        const stores::stored_run run = co_await load_run(store, words.front());
        calls = co_await inbox.list_waiting(run.run_id);
    }
    print(waiting_table(calls));
}

asio::awaitable<void> show_run(store_ptr store, std::string run_id, bool as_html)
{
    const stores::stored_run run = co_await load_run(store, std::move(run_id));
    const run_timeline timeline = timeline_of(run);
    print(as_html ? html_page(timeline) : text_page(timeline));
}

void report(stores::post_outcome outcome, const char* done)
{
    switch (outcome) {
    case stores::post_outcome::accepted:
    case stores::post_outcome::duplicate:
        return print(std::string(done) + ": the next worker takes it in\n");
    case stores::post_outcome::already_decided:
        throw refused("somebody has decided on this call already");
    case stores::post_outcome::expired:
        throw refused("the time to decide on this call is over");
    case stores::post_outcome::not_allowed:
        throw refused("this decision is not allowed for the call: see `waiting`");
    case stores::post_outcome::refused:
        break;
    }
    throw refused("the run has ended, or no such call of it waits for that");
}

boost::json::value read_json(const std::string& text)
{
    boost::system::error_code failure;
    boost::json::value value = boost::json::parse(text, failure);
    if (failure.failed())
        throw usage_error("this is no JSON: a text needs quotes inside of those of the shell");
    return value;
}

boost::json::object read_object(const std::string& text)
{
    boost::json::value value = read_json(text);
    if (!value.is_object())
        throw usage_error("arguments are a JSON object");
    return std::move(value.get_object());
}

asio::awaitable<stores::post_outcome> approve(const run_inbox& inbox, const arguments& what)
{
    if (what.always)
        return inbox.approve_always(what.words[0], what.words[1]);
    if (what.words.size() > 2)
        return inbox.approve_edited(what.words[0], what.words[1], read_object(what.words[2]));
    return inbox.approve(what.words[0], what.words[1]);
}

asio::awaitable<stores::post_outcome> reject(const run_inbox& inbox, const arguments& what)
{
    if (what.words.size() > 2)
        return inbox.reject(what.words[0], what.words[1], what.words[2]);
    return inbox.reject(what.words[0], what.words[1]);
}

struct posting
{
    asio::awaitable<stores::post_outcome> operation{};
    const char* done = "";
};

posting post_of(const run_inbox& inbox, const arguments& what)
{
    const std::vector<std::string>& words = what.words;
    switch (what.what) {
    case command::approve:
        return {approve(inbox, what), "approved"};
    case command::reject:
        return {reject(inbox, what), "rejected"};
    case command::result:
        return {inbox.provide_result(words[0], words[1], read_json(words[2])), "ended with this result"};
    case command::error:
        return {inbox.provide_error(words[0], words[1], words[2]), "ended with this error"};
    case command::say:
        return {inbox.add_input(words[0], {user_message{words[1]}}), "added"};
    case command::cancel_call:
        return {inbox.cancel_call(words[0], words[1]), "cancelled"};
    default:
        break;
    }
    return {inbox.cancel_run(words[0]), "cancelled"};
}

asio::awaitable<void> decide(store_ptr store, arguments what)
{
    co_await load_run(store, what.words[0]);
    const run_inbox inbox(store);
    posting asked = post_of(inbox, what);
    const stores::post_outcome outcome = co_await std::move(asked.operation);
    report(outcome, asked.done);
}

// Whoever takes the run and gives it back may say when it is to be looked at again.
asio::awaitable<void> wake_run(store_ptr store, std::string run_id)
{
    stores::acquire_request taken;
    taken.run_id = run_id;
    taken.owner = "dedalus-runs";
    taken.op_id = "resume-" + std::to_string(std::random_device()());
    const stores::acquire_result result = co_await store->acquire(std::move(taken));
    switch (result.outcome) {
    case stores::acquire_outcome::acquired:
        break;
    case stores::acquire_outcome::held:
        throw refused(plain(result.owner) + " has the run until " + time_text(result.until));
    case stores::acquire_outcome::terminal:
        throw refused("the run has ended");
    case stores::acquire_outcome::not_found:
        throw refused("there is no run " + plain(run_id));
    }
    stores::release_request given_back;
    given_back.run_id = run_id;
    given_back.fence = result.fence;
    given_back.wakeup_at = stores::time_point();  // long ago, by any clock
    const stores::lease_outcome outcome = co_await store->release(std::move(given_back));
    if (outcome != stores::lease_outcome::ok)
        throw refused("another process took the run meanwhile");
    print("the next worker goes on with the run\n");
}

asio::awaitable<void> remove_run(store_ptr store, std::string run_id)
{
    const stores::remove_outcome outcome = co_await store->remove(run_id, true);
    if (outcome == stores::remove_outcome::not_found)
        throw refused("there is no run " + plain(run_id));
    if (outcome == stores::remove_outcome::refused)
        throw refused("the run has not ended: cancel it, and let a worker end it");
    print("removed\n");
}

asio::awaitable<void> collect_runs(store_ptr store, std::chrono::milliseconds age, std::optional<run_phase> phase)
{
    stores::collect_query query;
    query.age = age;
    query.phase = phase;
    std::size_t all = 0;
    std::size_t removed = query.limit;
    while (removed == query.limit) {
        removed = co_await store->collect(query);
        all += removed;
    }
    print(std::to_string(all) + " removed\n");
}

asio::awaitable<void> export_one(store_ptr store, std::string run_id)
{
    const stores::stored_run run = co_await load_run(store, std::move(run_id));
    print(dedalus::export_run(run) + '\n');
}

std::string read_all(std::istream& from)
{
    std::string text{std::istreambuf_iterator<char>(from), std::istreambuf_iterator<char>()};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    return text;
}

std::string read_document(const std::vector<std::string>& words)
{
    if (words.empty())
        return read_all(std::cin);
    std::ifstream file(words.front(), std::ios::binary);
    if (!file)
        throw refused("the file cannot be read");
    return read_all(file);
}

asio::awaitable<void> import_one(store_ptr store, std::vector<std::string> words)
{
    const std::string document = read_document(words);
    co_await store->migrate();
    const stores::create_outcome outcome = co_await dedalus::import_run(store, document);
    if (outcome == stores::create_outcome::exists)
        throw refused("there is a run of this id already");
    print("imported\n");
}

}  // namespace

asio::awaitable<void> run_command(arguments what, store_ptr store)
{
    switch (what.what) {
    case command::list:
        return list_runs(std::move(store), what.phase, std::move(what.labels));
    case command::waiting:
        return list_waiting(std::move(store), std::move(what.words));
    case command::show:
        return show_run(std::move(store), std::move(what.words[0]), what.html);
    case command::approve:
    case command::reject:
    case command::result:
    case command::error:
    case command::say:
    case command::cancel:
    case command::cancel_call:
        return decide(std::move(store), std::move(what));
    case command::resume:
        return wake_run(std::move(store), std::move(what.words[0]));
    case command::export_run:
        return export_one(std::move(store), std::move(what.words[0]));
    case command::remove:
        return remove_run(std::move(store), std::move(what.words[0]));
    case command::collect:
        return collect_runs(std::move(store), *what.older_than, what.phase);
    case command::import_run:
        break;
    }
    return import_one(std::move(store), std::move(what.words));
}

}  // namespace dedalus::runs_program
