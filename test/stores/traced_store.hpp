#pragma once

#include "stores/forwarding_store.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace test {

/// A file that outlives the processes that write lines into it, each line at once.
class trace_file
{
public:
    explicit trace_file(std::string path) : path_(std::move(path)) {}

    void add(std::string line) const
    {
        line += '\n';
        const int file = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0 || ::write(file, line.data(), line.size()) != static_cast<::ssize_t>(line.size()))
            std::_Exit(3);
        ::close(file);
    }

private:
    std::string path_;
};

/// Says in a file what its store has acknowledged:
/// "acquire <run> <fence>", "held <run>", "commit <run> <rev> <fence>", "finish <run>/<call>", "fenced <run>".
class traced_store final : public forwarding_store
{
public:
    traced_store(std::shared_ptr<dedalus::run_store> to, trace_file trace)
        : forwarding_store(std::move(to)), trace_(std::move(trace))
    {}

    awaitable<dedalus::stores::acquire_result> acquire(dedalus::stores::acquire_request r) override
    {
        const std::string run = r.run_id;
        dedalus::stores::acquire_result result = co_await to_->acquire(std::move(r));
        if (result.outcome == dedalus::stores::acquire_outcome::acquired)
            trace_.add("acquire " + run + ' ' + std::to_string(result.fence));
        else if (result.outcome == dedalus::stores::acquire_outcome::held)
            trace_.add("held " + run);
        co_return result;
    }

    awaitable<dedalus::stores::commit_result> commit(dedalus::stores::commit_request r) override
    {
        const std::string run = r.run_id;
        const std::int64_t fence = r.fence;
        const dedalus::stores::commit_result result = co_await to_->commit(std::move(r));
        if (result.outcome == dedalus::stores::commit_outcome::committed)
            trace_.add("commit " + run + ' ' + std::to_string(result.rev) + ' ' + std::to_string(fence));
        else if (result.outcome == dedalus::stores::commit_outcome::fenced)
            trace_.add("fenced " + run);
        co_return result;
    }

    awaitable<dedalus::stores::append_result> append_call(dedalus::stores::append_request r) override
    {
        const std::string run = r.run_id;
        std::vector<std::string> finished;
        for (const dedalus::stores::call_record& record : r.records) {
            if (record.kind == dedalus::stores::call_record_kind::finish)
                finished.push_back(record.key.call_id);
        }
        dedalus::stores::append_result result = co_await to_->append_call(std::move(r));
        if (result.outcome == dedalus::stores::append_outcome::fenced)
            trace_.add("fenced " + run);
        if (result.outcome == dedalus::stores::append_outcome::inserted) {
            for (const std::string& call : finished)
                trace_.add("finish " + run + '/' + call);
        }
        co_return result;
    }

private:
    trace_file trace_;
};

}  // namespace test
